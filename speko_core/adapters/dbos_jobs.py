"""The `Jobs` port on DBOS: the side that enqueues and looks. The side that runs is `dbos_runner.py`.

The engine is imported at first use: the web role rarely needs it, and it costs a third of a second and 15 MB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.ports.jobs import SHARED, JobRecord, JobStatus, QueueName
from speko_core.settings import Settings
from speko_core.types import JsonObject

if TYPE_CHECKING:
    from dbos import DBOSClient, EnqueueOptions, WorkflowStatus

_STATUSES: Mapping[JobStatus, tuple[str, ...]] = {
    "scheduled": ("DELAYED",),
    "queued": ("ENQUEUED",),
    "running": ("PENDING",),
    "done": ("SUCCESS",),
    "failed": ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"),
    "cancelled": ("CANCELLED",),
}
_OURS = {theirs: ours for ours, group in _STATUSES.items() for theirs in group}
_FINISHED = [name for ours in ("done", "failed", "cancelled") for name in _STATUSES[ours]]
_RETRYABLE = [name for ours in ("failed", "cancelled") for name in _STATUSES[ours]]
_FORGET_BATCH = 500


class DbosJobs:
    """Enqueues into, and reads from, the engine's tables. Connects at first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: DBOSClient | None = None
        self._connecting = asyncio.Lock()

    async def _connected(self) -> DBOSClient:
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(_connect, self._settings)
            return self._client

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
        """Accept work; inside `within` it lives and dies with that transaction."""
        client = await self._connected()
        options = _options(kind, job_id, delay_s, queue)
        if within is None:
            await client.enqueue_async(options, args)
            return
        connection = await within.connection()
        await connection.run_sync(lambda sync: client.enqueue_in_transaction(sync, options, args))

    async def recent(self, *, limit: int = 50, status: JobStatus | None = None) -> list[JobRecord]:
        """The newest runs first."""
        client = await self._connected()
        wanted = list(_STATUSES[status]) if status else None
        rows = await client.list_workflows_async(status=wanted, limit=limit, sort_desc=True, load_input=False)
        return [_record(row) for row in rows]

    async def retry(self, job_id: str) -> bool:
        """Run a failed or cancelled job again from its first step."""
        client = await self._connected()
        rows = await client.list_workflows_async(workflow_ids=[job_id], status=_RETRYABLE, load_input=False)
        if not rows:
            return False
        await client.rewind_workflow_async(job_id, queue_name=rows[0].queue_name or SHARED)
        return True

    async def forget_finished(self, before: datetime) -> int:
        """Delete finished runs in batches."""
        client = await self._connected()
        forgotten = 0
        while True:
            rows = await client.list_workflows_async(
                status=_FINISHED,
                completed_before=before.isoformat(),
                limit=_FORGET_BATCH,
                load_input=False,
                load_output=False,
            )
            if not rows:
                return forgotten
            await client.delete_workflows_async([row.workflow_id for row in rows])
            forgotten += len(rows)

    async def resume_orphans(self, live_executors: set[str]) -> int:
        """Queue again the work of executors that are gone; returns how many runs.

        Never names a live executor: its work would run twice.
        """
        client = await self._connected()
        running = await client.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        orphans = [row for row in running if row.executor_id not in live_executors]
        for queue in {row.queue_name or SHARED for row in orphans}:
            ids = [row.workflow_id for row in orphans if (row.queue_name or SHARED) == queue]
            await client.resume_workflows_async(ids, queue_name=queue)
        return len(orphans)

    async def aclose(self) -> None:
        """Close the client's connections."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.destroy)


def _connect(settings: Settings) -> DBOSClient:
    from speko_core.adapters.dbos_store import migrate_store, open_client

    migrate_store(settings)
    return open_client(settings)


def _options(kind: str, job_id: str, delay_s: float, queue: QueueName) -> EnqueueOptions:
    from dbos import EnqueueOptions

    options = EnqueueOptions(workflow_name=kind, queue_name=queue, workflow_id=job_id)
    if delay_s > 0:
        options["delay_seconds"] = delay_s
    return options


def _moment(epoch_ms: int | None) -> datetime:
    return datetime.fromtimestamp((epoch_ms or 0) / 1000, UTC)


def _record(row: WorkflowStatus) -> JobRecord:
    return JobRecord(
        id=row.workflow_id,
        name=row.name,
        status=_OURS.get(row.status, row.status.lower()),
        created_at=_moment(row.created_at),
        updated_at=_moment(row.updated_at),
        attempts=max(1, row.recovery_attempts or 0),
        error=str(row.error) if row.error is not None else None,
        result=row.output if isinstance(row.output, dict) else None,
    )
