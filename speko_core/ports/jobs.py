"""Durable background work as a port.

A `JobKind` is declared beside its resource (`sessions/jobs.py`) and listed in `speko_core/jobs.py`.
Handlers run at least once: they must be idempotent.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.types import JsonObject

if TYPE_CHECKING:
    from speko_core.deps import Deps

JobStatus = Literal["scheduled", "queued", "running", "done", "failed", "cancelled"]
# Short work shares slots; requests to other people's servers, which may be slow, must not take them away from it.
# Documents take long to read and embed, so they queue apart too.
QueueName = Literal["speko", "deliveries", "documents"]
SHARED: QueueName = "speko"
DELIVERIES: QueueName = "deliveries"
DOCUMENTS: QueueName = "documents"


@dataclass(frozen=True)
class JobKind:
    """One kind of background work.

    `every_s` makes it periodic; a periodic kind with `due` is started only when that says there is work, so that an
    idle installation writes nothing. `retry_delays_s` are the pauses before the attempts after a failed first one.
    """

    name: str
    run: "Callable[[Deps, JsonObject], Awaitable[JsonObject]]"
    every_s: float | None = None
    summary: str = ""
    due: "Callable[[Deps], Awaitable[bool]] | None" = None
    retry_delays_s: tuple[float, ...] = ()
    queue: QueueName = SHARED


@dataclass(frozen=True)
class JobRecord:
    """One run as shown by `speko jobs list`. `error` is the class of the failure; the log has the rest."""

    id: str
    name: str
    status: str
    created_at: datetime
    updated_at: datetime
    attempts: int
    error: str | None
    result: JsonObject | None = None


class Jobs(Protocol):
    """The job engine."""

    async def enqueue(
        self,
        kind: str,
        args: JsonObject,
        *,
        job_id: str,
        delay_s: float = 0.0,
        within: AsyncSession | None = None,
        queue: QueueName = SHARED,
    ) -> None:
        """Accept work durably. The same `job_id` twice runs once; make it sortable where order matters.

        With `within` the work exists exactly when that transaction commits.
        """
        ...

    async def recent(self, *, limit: int = 50, status: JobStatus | None = None) -> list[JobRecord]:
        """The newest runs first."""
        ...

    async def retry(self, job_id: str) -> bool:
        """Run a failed or cancelled job again under its own id; False when there is none."""
        ...

    async def forget_finished(self, before: datetime) -> int:
        """Delete the records of runs that finished before `before`; returns how many."""
        ...

    async def aclose(self) -> None:
        """Release connections; running work continues elsewhere."""
        ...
