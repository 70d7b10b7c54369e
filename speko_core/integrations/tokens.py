"""An installation's access token that works now. Whoever finds it ended renews it, once for everybody who waits."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from speko_core.integrations import repository
from speko_core.integrations.api import Ended
from speko_core.integrations.app import App, OAuthClient
from speko_core.integrations.failures import Disconnected
from speko_core.integrations.oauth import AppUnreachable, GrantRefused, refresh
from speko_core.integrations.ports import Ports
from speko_core.integrations.sealing import Tokens, open_tokens, seal, tokens_of
from speko_core.ports.integrations import IntegrationFailed

log = logging.getLogger("speko.integrations")

POLL_S = 0.05
# Longer than a refresh may take: who began it is gone.
REFRESH_LEASE = timedelta(seconds=15)


@dataclass(frozen=True)
class Place:
    """Which installation of which organization."""

    organization_id: str
    installation_id: str


class LiveTokens:
    """The tokens of one installation."""

    def __init__(self, ports: Ports, app: App, place: Place) -> None:
        self._ports, self._app, self._place = ports, app, place

    async def usable(self, rejected: str | None = None) -> str:
        """The access token, renewed when it is about to end or is the `rejected` one. The caller bounds the time.

        Raises:
            IntegrationFailed: there is no authorization any more, or it could not be renewed now.
        """
        while True:
            tokens = await self._stored()
            if tokens.lasts(self._ports.clock.now()) and tokens.access_token != rejected:
                return tokens.access_token
            if tokens.refresh_token is None:
                raise await self.ended("expired")
            if await self._claimed(tokens):
                return await self._renewed(tokens.refresh_token, tokens)
            await self._ports.clock.sleep(POLL_S)

    async def ended(self, status: Ended) -> IntegrationFailed:
        """The authorization is gone: forget the tokens, keep the installation; answers the failure to raise."""
        now = self._ports.clock.now()
        async with self._ports.database.transaction(self._place.organization_id) as db:
            row = await repository.locked(db, self._place.installation_id)
            if row is not None and row.status == "connected":
                row.status, row.sealed, row.refreshing_until = status, None, None
                row.ended_at = row.updated_at = now
        log.warning("an integration has to be connected again", extra={"app": self._app.key, "status": status})
        return Disconnected(self._app.title)

    async def _stored(self) -> Tokens:
        async with self._ports.database.transaction(self._place.organization_id, read_only=True) as db:
            row = await repository.installation(db, self._place.installation_id)
        tokens = open_tokens(self._ports.secrets, row) if row is not None and row.status == "connected" else None
        if tokens is None:
            raise Disconnected(self._app.title)
        return tokens

    async def _claimed(self, seen: Tokens) -> bool:
        """True for the one who may renew the tokens that were seen; false also when they were renewed meanwhile."""
        now = self._ports.clock.now()
        async with self._ports.database.transaction(self._place.organization_id) as db:
            row = await repository.locked(db, self._place.installation_id)
            if row is None or open_tokens(self._ports.secrets, row) != seen:
                return False
            if row.refreshing_until is not None and row.refreshing_until > now:
                return False
            row.refreshing_until = now + REFRESH_LEASE
            return True

    async def _renewed(self, refresh_token: str, before: Tokens) -> str:
        """Renew and store, to the end even if the caller leaves: an app may take a refresh token only once."""
        client = self._app.oauth(self._ports.settings)
        if client is None:
            raise IntegrationFailed(f"{self._app.title} is not set up in this installation")
        task = asyncio.create_task(self._renew(client, refresh_token, before))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    async def _renew(self, client: OAuthClient, refresh_token: str, before: Tokens) -> str:
        try:
            answer = await refresh(self._ports, client, refresh_token)
        except GrantRefused:
            raise await self.ended("expired") from None
        except AppUnreachable:
            await self._store(None)
            raise IntegrationFailed(f"{self._app.title} did not renew the authorization; try again later") from None
        tokens = tokens_of(answer, self._ports.clock.now(), before)
        await self._store(tokens)
        return tokens.access_token

    async def _store(self, tokens: Tokens | None) -> None:
        """Write new tokens, where there are some, and let others renew again."""
        async with self._ports.database.transaction(self._place.organization_id) as db:
            row = await repository.locked(db, self._place.installation_id)
            if row is None or row.status != "connected":
                return
            row.refreshing_until = None
            if tokens is not None:
                row.sealed = seal(self._ports.secrets, row.organization_id, row.id, tokens)
                row.updated_at = self._ports.clock.now()
