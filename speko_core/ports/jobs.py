"""Durable background work as a port.

A `JobKind` is declared beside its resource (`sessions/jobs.py`) and listed in `speko_core/jobs.py`.
Handlers run at least once: they must be idempotent.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from speko_core.types import JsonObject

if TYPE_CHECKING:
    from speko_core.deps import Deps


@dataclass(frozen=True)
class JobKind:
    """One kind of background work. `every_s` makes it periodic instead of enqueued."""

    name: str
    run: "Callable[[Deps, JsonObject], Awaitable[JsonObject]]"
    every_s: float | None = None
    summary: str = ""


@dataclass(frozen=True)
class JobRecord:
    """One run as shown by `speko jobs list`."""

    id: str
    name: str
    status: str
    created_at: datetime
    updated_at: datetime
    attempts: int
    error: str | None


class Jobs(Protocol):
    """The job engine."""

    async def enqueue(self, kind: str, args: JsonObject, *, job_id: str, delay_s: float = 0.0) -> None:
        """Accept work durably. The same `job_id` twice runs once; make it sortable where order matters."""
        ...

    async def recent(self, *, limit: int = 50, status: str | None = None) -> list[JobRecord]:
        """The newest runs first."""
        ...

    async def aclose(self) -> None:
        """Release connections; running work continues elsewhere."""
        ...
