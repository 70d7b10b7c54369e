"""The integrations port of an installation without apps."""

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.ports.integrations import Action, IntegrationFailed
from speko_core.types import JsonObject, JsonValue


class NoIntegrations:
    """No app is installed."""

    async def problem(self, db: AsyncSession, action: Action) -> str | None:
        """Every action is unknown."""
        return "names no installed app of this organization"

    async def is_live(self, db: AsyncSession, action: Action) -> bool:
        """Nothing is connected."""
        return False

    async def run(
        self, organization_id: str, action: Action, arguments: JsonObject, *, idempotency_key: str, timeout_s: float
    ) -> JsonValue:
        """Nothing can be carried out."""
        raise IntegrationFailed("the app is not installed")
