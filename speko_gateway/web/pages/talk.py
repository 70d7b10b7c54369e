"""Picking an agent and starting a conversation with it."""

import secrets as random
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.agents import operations as agents
from speko_core.deps import Deps
from speko_core.sessions import operations as sessions
from speko_gateway.web.site import Visit, as_object, as_rows, form, page


def routes(deps: Deps) -> list[BaseRoute]:
    """`/talk`: the picker and its form."""
    return [page(deps, "/talk", _show), form(deps, "/talk", _start)]


async def _show(visit: Visit) -> Response:
    context = {
        "agents": as_rows(await visit.run(agents.LIST)),
        "chosen": visit.request.query_params.get("agent", ""),
        "once": random.token_urlsafe(18),
    }
    return await visit.show("talk.html", context)


async def _start(visit: Visit, fields: FormData) -> Response:
    """Create the session like any other client, and hand the token on in the fragment only."""
    session = as_object(
        await visit.run(sessions.CREATE, {"agentId": fields.get("agent")}, once=str(fields.get("once")))
    )
    link = urlsplit(str(session["talkUrl"]))
    # Only path and fragment: the person stays on the host they are signed in at.
    return RedirectResponse(f"{link.path}#{link.fragment}", 303)
