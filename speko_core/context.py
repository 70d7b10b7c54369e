"""What a use case gets: the caller, the open transaction, the ports."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.deps import Deps
from speko_core.principal import ALL_SCOPES, Mode, Principal, PrincipalKind

Door = Literal["rest", "mcp", "web", "cli", "job"]


@dataclass
class Ctx:
    """What a use case gets: the caller, the open transaction, the ports.

    Services never commit. Work for after the commit goes through `after_commit`.
    """

    principal: Principal
    deps: Deps
    db: AsyncSession
    door: Door
    request_id: str
    client_ip: str = ""
    resource_id: str = ""
    user_agent: str = ""
    _after_commit: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @property
    def organization_id(self) -> str:
        """The caller's organization; every row read or written belongs to it."""
        return self.principal.organization_id

    def now(self) -> datetime:
        """Wall clock, UTC, from the clock port."""
        return self.deps.clock.now()

    def after_commit(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` once the transaction is durable; never when it rolls back."""
        self._after_commit.append(work)

    async def run_after_commit(self) -> None:
        """Called by `execute` after the commit, in order of registration."""
        for work in self._after_commit:
            await work()


__all__ = ["ALL_SCOPES", "Ctx", "Door", "Mode", "Principal", "PrincipalKind"]
