"""The integrations port where several know how to act: each action goes to who knows its app."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.ports.integrations import Action, Integrations
from speko_core.types import JsonObject, JsonValue


@dataclass(frozen=True)
class ByApp:
    """`special` by the key of the app; `usual` for every other app."""

    usual: Integrations
    special: Mapping[str, Integrations]

    async def problem(self, db: AsyncSession, action: Action) -> str | None:
        """Why a tool may not use this action, as the end of a sentence."""
        return await self._of(action).problem(db, action)

    async def is_live(self, db: AsyncSession, action: Action) -> bool:
        """True when the action could run now."""
        return await self._of(action).is_live(db, action)

    async def run(
        self, organization_id: str, action: Action, arguments: JsonObject, *, idempotency_key: str, timeout_s: float
    ) -> JsonValue:
        """Carry the action out.

        Raises:
            IntegrationFailed: it was refused, failed or timed out.
        """
        return await self._of(action).run(
            organization_id, action, arguments, idempotency_key=idempotency_key, timeout_s=timeout_s
        )

    def _of(self, action: Action) -> Integrations:
        return self.special.get(action.app_key, self.usual)
