"""Installed apps as a port: what tools of kind `integration` need of them."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.types import JsonObject, JsonValue


@dataclass(frozen=True)
class Action:
    """One action of one installation, with the tool's own configuration."""

    installation_id: str
    app_key: str
    action_key: str
    config: JsonObject


class IntegrationFailed(Exception):
    """The action did not happen. The text is ours and may be told to a model; `said` is the app's, never trusted."""

    def __init__(self, problem: str, said: str = "") -> None:
        super().__init__(problem)
        self.said = said


class Integrations(Protocol):
    """The installed apps of every organization."""

    async def problem(self, db: AsyncSession, action: Action) -> str | None:
        """Why a tool may not use this action, as the end of a sentence; `db` is open in the organization."""
        ...

    async def is_live(self, db: AsyncSession, action: Action) -> bool:
        """True when the installation is connected now."""
        ...

    async def run(
        self, organization_id: str, action: Action, arguments: JsonObject, *, idempotency_key: str, timeout_s: float
    ) -> JsonValue:
        """Carry the action out; the same key twice acts once.

        Raises:
            IntegrationFailed: it was refused, failed or timed out.
        """
        ...
