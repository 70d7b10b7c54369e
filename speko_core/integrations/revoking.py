"""Taking an authorization back at its app, where we have forgotten it whatever the app says."""

import logging

from speko_core.integrations.app import App
from speko_core.integrations.oauth import AppUnreachable
from speko_core.integrations.ports import Ports
from speko_core.integrations.sealing import Tokens

log = logging.getLogger("speko.integrations")


async def revoke_quietly(ports: Ports, app: App, tokens: Tokens) -> None:
    """Ask the app; an app that does not answer is logged."""
    try:
        await app.revoke(ports, tokens)
    except AppUnreachable:
        log.warning("an app did not confirm the end of a connection", extra={"app": app.key})
