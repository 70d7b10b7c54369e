"""Runs background work on DBOS: one runner a process, in the jobs role.

Five rules keep the engine's promises. The executor id is unique among live processes and the same after a restart;
the application version is ours, not a hash; ids are sortable; handlers sleep in no shared slot longer than their
kind's pauses; one step is one attempt, so a crash repeats an attempt and never counts it twice.
"""

import asyncio
import logging
import math
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS

from speko_core.adapters.dbos_jobs import DbosJobs
from speko_core.adapters.dbos_store import (
    DELIVERIES_POLL_S,
    DOCUMENTS_AT_ONCE,
    POLL_S,
    WORKER_CONCURRENCY,
    engine_config,
    migrate_store,
)
from speko_core.deps import Deps
from speko_core.ports.jobs import DELIVERIES, DOCUMENTS, SHARED, JobKind
from speko_core.types import JsonObject

logger = logging.getLogger(__name__)

ID_DIGITS = 12


class JobFailed(Exception):
    """What is stored of a failure: its class. The log has the frames; neither has what a person said."""


class DbosRunner:
    """Launches the engine with our kinds of work and starts the periodic ones on time."""

    def __init__(self, deps: Deps, jobs: DbosJobs, kinds: Iterable[JobKind], executor_id: str) -> None:
        self._deps = deps
        self._jobs = jobs
        self._kinds = tuple(kinds)
        self._executor_id = executor_id

    async def start(self) -> None:
        """Launch. Work that an earlier process with this executor id left unfinished goes on.

        The engine adopts the running loop for handlers, so they share the loop-bound pools of `deps`.
        """
        await asyncio.to_thread(migrate_store, self._deps.settings)
        DBOS(config=engine_config(self._deps.settings, self._executor_id))
        engine_log = logging.getLogger("dbos")
        engine_log.handlers.clear()
        engine_log.propagate = True
        for kind in self._kinds:
            _register(self._deps, kind)
        DBOS.launch()
        await DBOS.register_queue_async(SHARED, worker_concurrency=WORKER_CONCURRENCY, polling_interval_sec=POLL_S)
        # Unbounded here: what is enqueued has been bounded per endpoint, and a slow server must not hold up the rest.
        await DBOS.register_queue_async(DELIVERIES, polling_interval_sec=DELIVERIES_POLL_S)
        await DBOS.register_queue_async(DOCUMENTS, worker_concurrency=DOCUMENTS_AT_ONCE, polling_interval_sec=POLL_S)

    async def run_periodic(self) -> None:
        """Start periodic work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for kind in self._kinds:
                if kind.every_s is not None:
                    group.create_task(self._tick(kind, kind.every_s))

    async def _tick(self, kind: JobKind, every_s: float) -> None:
        """Once a slot of `every_s`, counted from the epoch: the id names the slot, so N processes start one run."""
        while True:
            now = self._deps.clock.now().timestamp()
            slot = math.floor(now / every_s)
            try:
                if kind.due is None or await kind.due(self._deps):
                    job_id = f"{kind.name}:{slot:0{ID_DIGITS}d}"
                    await self._jobs.enqueue(kind.name, {}, job_id=job_id, queue=kind.queue)
            except Exception:  # the edge of the runner: one missed tick must not end the others
                logger.exception("periodic work could not be started", extra={"job": kind.name})
            await self._deps.clock.sleep((slot + 1) * every_s - now)

    async def stop(self, timeout_s: float) -> None:
        """Take no more work, wait for what runs; what is not done by then goes on after the restart."""
        running = DBOS.list_workflows_async(status="PENDING", executor_id=self._executor_id, load_input=False)
        wait_s = math.ceil(timeout_s) if await running else 0
        _use_own_threads()
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=wait_s)
        # Work that was still running may have made the engine's the default once more.
        _use_own_threads()


def _use_own_threads() -> None:
    """Each asynchronous call of the engine makes its threads the loop's default; it ends them when it is destroyed."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="speko.jobs"))


def _register(deps: Deps, kind: JobKind) -> None:
    async def attempt(args: JsonObject) -> JsonObject:
        try:
            return await kind.run(deps, args)
        except Exception as error:  # the edge of the runner
            logger.exception("background work failed", extra={"job": kind.name})
            raise JobFailed(type(error).__name__) from None

    async def work(args: JsonObject) -> JsonObject:
        for number, pause_s in enumerate(kind.retry_delays_s, start=1):
            try:
                return await DBOS.run_step_async({"name": f"attempt-{number}"}, attempt, args)
            except JobFailed:
                await DBOS.sleep_async(pause_s)
        return await DBOS.run_step_async({"name": "last-attempt"}, attempt, args)

    DBOS.workflow(name=kind.name)(work)
