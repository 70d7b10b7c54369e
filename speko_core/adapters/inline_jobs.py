"""The twin of the job engine: work waits in memory and runs when told to, stepping on the clock port."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from speko_core.ports.clock import Clock
from speko_core.ports.jobs import SHARED, JobKind, JobRecord, JobStatus, QueueName
from speko_core.types import JsonObject

if TYPE_CHECKING:
    from speko_core.deps import Deps


@dataclass
class _Work:
    record: JobRecord
    args: JsonObject
    due_at: datetime


class InlineJobs:
    """Same promises as the engine, within one process: an id runs once, order of acceptance, retries by its kind."""

    def __init__(self, kinds: Iterable[JobKind], clock: Clock) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._clock = clock
        self._work: dict[str, _Work] = {}
        self._next_tick: dict[str, datetime] = {}

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
        """Accept work, now or when `within` commits. Every queue is the same here."""
        if within is None:
            self._accept(kind, args, job_id, delay_s)
            return

        def accept_on_commit(session: Session) -> None:
            self._accept(kind, args, job_id, delay_s)

        event.listen(within.sync_session, "after_commit", accept_on_commit, once=True)

    def _accept(self, kind: str, args: JsonObject, job_id: str, delay_s: float) -> None:
        if job_id in self._work:
            return
        now = self._clock.now()
        status: JobStatus = "scheduled" if delay_s > 0 else "queued"
        record = JobRecord(job_id, kind, status, now, now, attempts=0, error=None)
        self._work[job_id] = _Work(record, args, now + timedelta(seconds=delay_s))

    async def run_due(self, deps: "Deps") -> int:
        """Run everything that is due at this moment of the clock, periodic kinds included; returns how many."""
        await self._tick(deps)
        due = [
            work
            for work in self._work.values()
            if work.record.status in ("queued", "scheduled") and work.due_at <= self._clock.now()
        ]
        for work in due:
            await self._run(deps, work)
        return len(due)

    async def _tick(self, deps: "Deps") -> None:
        now = self._clock.now()
        for kind in self._kinds.values():
            if kind.every_s is None or now < self._next_tick.get(kind.name, now):
                continue
            self._next_tick[kind.name] = now + timedelta(seconds=kind.every_s)
            if kind.due is None or await kind.due(deps):
                await self.enqueue(kind.name, {}, job_id=f"{kind.name}:{now.isoformat()}")

    async def _run(self, deps: "Deps", work: _Work) -> None:
        kind, attempts = self._kinds[work.record.name], work.record.attempts + 1
        try:
            result = await kind.run(deps, work.args)
        except Exception as error:  # the edge of the runner: a failing handler is a failed job
            pauses = kind.retry_delays_s
            again = attempts <= len(pauses)
            work.due_at = self._clock.now() + timedelta(seconds=pauses[attempts - 1] if again else 0)
            self._update(work, "scheduled" if again else "failed", attempts, error=type(error).__name__)
        else:
            self._update(work, "done", attempts, result=result)

    def _update(
        self, work: _Work, status: JobStatus, attempts: int, error: str | None = None, result: JsonObject | None = None
    ) -> None:
        work.record = replace(
            work.record, status=status, attempts=attempts, error=error, result=result, updated_at=self._clock.now()
        )

    async def recent(self, *, limit: int = 50, status: JobStatus | None = None) -> list[JobRecord]:
        """The newest first."""
        records = [work.record for work in reversed(self._work.values()) if status in (None, work.record.status)]
        return records[:limit]

    async def retry(self, job_id: str) -> bool:
        """Queue a failed or cancelled job again."""
        work = self._work.get(job_id)
        if work is None or work.record.status not in ("failed", "cancelled"):
            return False
        work.due_at = self._clock.now()
        self._update(work, "queued", 0)
        return True

    async def forget_finished(self, before: datetime) -> int:
        """Drop finished records older than `before`."""
        old = [
            job_id
            for job_id, work in self._work.items()
            if work.record.status in ("done", "failed", "cancelled") and work.record.updated_at < before
        ]
        for job_id in old:
            del self._work[job_id]
        return len(old)

    async def aclose(self) -> None:
        """Nothing to release."""
