"""The integrations port over the installations of this database: which actions tools may use, and carrying them out."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.db.engine import Database
from speko_core.integrations import repository
from speko_core.integrations.api import Api, Authorization
from speko_core.integrations.app import ActionCall, ActionSpec, App
from speko_core.integrations.apps import action_of, app_of
from speko_core.integrations.failures import Disconnected, unclear
from speko_core.integrations.models import Installation
from speko_core.integrations.records import once
from speko_core.integrations.tokens import LiveTokens, Place
from speko_core.late import LateModule
from speko_core.ports.clock import Clock
from speko_core.ports.integrations import Action, IntegrationFailed
from speko_core.ports.secrets import Secrets
from speko_core.settings import Settings
from speko_core.types import JsonObject, JsonValue

if TYPE_CHECKING:
    from speko_core.tools import parameters
else:
    parameters = LateModule("speko_core.tools.parameters")


# Of the time a call has: so it can write down that no answer came, before it is cut off.
OWN_SHARE = 0.9


@dataclass(frozen=True)
class InstalledApps:
    """The port's implementation, and the outside it works with."""

    settings: Settings
    clock: Clock
    secrets: Secrets
    database: Database
    outbound: httpx.AsyncClient

    async def problem(self, db: AsyncSession, action: Action) -> str | None:
        """Why a tool may not use this action, as the end of a sentence; `db` is open in the organization."""
        if await _installation(db, action) is None:
            return "names no installed app of this organization; GET /v1/integrations/installations lists them"
        spec = action_of(action.app_key, action.action_key)
        if spec is None:
            return "names no action of this app; GET /v1/integrations lists them"
        problems = parameters.argument_problems(spec.config_schema, action.config)
        return f"has a config that does not fit the action: {'; '.join(problems)}" if problems else None

    async def is_live(self, db: AsyncSession, action: Action) -> bool:
        """True when the installation is connected now."""
        row = await _installation(db, action)
        return row is not None and row.status == "connected"

    async def run(
        self, organization_id: str, action: Action, arguments: JsonObject, *, idempotency_key: str, timeout_s: float
    ) -> JsonValue:
        """Carry the action out; the same key twice acts once.

        Raises:
            IntegrationFailed: it was refused, failed or timed out.
        """
        app, spec = await self._checked(organization_id, action)
        place = Place(organization_id, action.installation_id)
        total_s = min(timeout_s, spec.timeout_s)
        call = self._call(app, place, _values(spec, action, arguments), idempotency_key, total_s)
        act = partial(spec.run, call)
        try:
            async with asyncio.timeout(total_s):
                return await (act() if spec.knows_repeats else once(self, place, idempotency_key, act))
        except TimeoutError:
            raise unclear(app.title) from None

    async def _checked(self, organization_id: str, action: Action) -> tuple[App, ActionSpec]:
        async with self.database.transaction(organization_id, read_only=True) as db:
            row = await _installation(db, action)
        app, spec = app_of(action.app_key), action_of(action.app_key, action.action_key)
        if row is None or app is None or spec is None:
            raise IntegrationFailed("the app is not installed")
        if row.status != "connected":
            raise Disconnected(app.title)
        return app, spec

    def _call(self, app: App, place: Place, values: JsonObject, key: str, total_s: float) -> ActionCall:
        tokens = LiveTokens(self, app, place)
        authorization = Authorization(tokens.usable, tokens.ended)
        deadline = self.clock.monotonic() + total_s * OWN_SHARE
        api = Api(self, app.title, app.api_url(self.settings), app.judge, authorization, deadline)
        return ActionCall(api, values, key)


async def _installation(db: AsyncSession, action: Action) -> Installation | None:
    row = await repository.installation(db, action.installation_id)
    return row if row is not None and row.app_key == action.app_key else None


def _values(spec: ActionSpec, action: Action, arguments: JsonObject) -> JsonObject:
    """The arguments under the configuration: what it fixes, no model can change."""
    config = action.config
    left = {name: arguments[name] for name in arguments if name not in config}
    problems = [
        *parameters.argument_problems(spec.config_schema, config),
        *parameters.argument_problems(spec.schema(config), left),
    ]
    if problems:
        raise IntegrationFailed(f"the arguments are wrong: {'; '.join(problems)}")
    return {**{name: left[name] for name in spec.parameters if name in left}, **config}
