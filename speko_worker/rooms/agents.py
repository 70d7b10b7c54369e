"""The worker at the LiveKit server: takes dispatches, runs each in a warm process of its own."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from livekit.agents import AgentServer, JobExecutorType, JobRequest
from livekit.agents.ipc.job_proc_executor import ProcJobExecutor

from speko_core.settings import Settings
from speko_worker.call import CallOptions
from speko_worker.journal import writers
from speko_worker.rooms import job

logger = logging.getLogger("speko.worker.rooms")

# The framework gives up after so many attempts; a server may be away for longer than that, and we wait for it.
_FOREVER = 1_000_000_000
# What reporting may take: turns, the end, the recording, each with its own bound.
REPORT_S = 300.0
PREPARE_TIMEOUT_S = 30.0
# Sessions whose caller is not there yet, for each call that may run: a process of 25 MB each, for a minute.
WAITING_A_CALL = 2
# The framework's models live in the process that jobs are forked from: 96 MB for all; a job of its own has about 25.
JOB_MEMORY_WARN_MB = 700


@dataclass(frozen=True)
class RoomsOptions:
    """How to reach the server, how many calls to take at most, and how many processes wait warm."""

    url: str
    key: str
    secret: str = field(repr=False)
    agent_name: str
    calls: int
    warm: int
    drain_timeout_s: float

    @classmethod
    def of(cls, settings: Settings) -> "RoomsOptions | None":
        """From the settings; None without a LiveKit server."""
        secret = settings.livekit_api_secret
        if not settings.livekit_url or secret is None:
            return None
        return cls(
            settings.livekit_url,
            settings.livekit_api_key,
            secret.get_secret_value(),
            settings.livekit_agent,
            settings.worker_calls,
            settings.worker_warm_jobs,
            settings.drain_timeout_s,
        )


class RoomAgents:
    """Our name at the server. `is_full` decides on each dispatch, the framework's own load measurement does not."""

    def __init__(self, options: RoomsOptions, call: CallOptions, is_full: Callable[[], bool]) -> None:
        # Read by the process that jobs are forked from, see `preload.py`.
        os.environ["LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE"] = "0"
        self._is_full, self._journals = is_full, call.journal_folder
        self._most = options.calls * (1 + WAITING_A_CALL)
        self._accepting = 0
        self._draining = False
        self._registered = asyncio.Event()
        self._drain_timeout_s = options.drain_timeout_s
        self._server = AgentServer(
            ws_url=options.url,
            api_key=options.key,
            api_secret=options.secret,
            # A process a call: a crash ends one call, and calls share no interpreter lock.
            job_executor_type=JobExecutorType.PROCESS,
            num_idle_processes=options.warm,
            setup_fnc=job.prepare,
            preload_modules=["speko_worker.rooms.preload"],
            initialize_process_timeout=PREPARE_TIMEOUT_S,
            # The default measures the processor of the whole machine and refuses calls while it is busy with anything;
            # a dispatch refused by all workers is lost. Ours never refuses by load: `_answer` counts calls.
            load_fnc=self._load,
            load_threshold=float("inf"),
            max_retry=_FOREVER,
            session_end_timeout=REPORT_S,
            shutdown_process_timeout=options.drain_timeout_s,
            job_memory_warn_mb=JOB_MEMORY_WARN_MB,
            # Its own health page; ours says more. Any free port, on this machine only.
            host="127.0.0.1",
            port=0,
        )
        self._server.on("worker_registered", lambda *_: self._registered.set())
        self._server.rtc_session(
            partial(job.enter, call), agent_name=options.agent_name, on_request=self._answer, on_session_end=job.leave
        )

    @property
    def active(self) -> int:
        """Calls that run or are being reported; those that wait for their caller cost memory only."""
        return len(self._job_pids & writers(self._journals))

    @property
    def is_ready(self) -> bool:
        """True while the server sends dispatches here."""
        # The framework tells of a registration, not of its loss.
        return self._registered.is_set() and not self._server._connecting

    async def run(self) -> None:
        """Serve until `drain`, or until cancelled."""
        # Not in development mode: there the framework would stream callers' audio to a hosted turn detector.
        await self._server.run(devmode=False)

    async def drain(self) -> None:
        """Take no more calls; ask the running ones to end, and let them report."""
        self._draining = True
        try:
            async with asyncio.timeout(self._drain_timeout_s):
                await self._server.aclose()
        except TimeoutError:
            logger.warning("calls in rooms were still open at the end of the drain", extra={"calls": self.active})

    @property
    def _job_pids(self) -> frozenset[int | None]:
        # The framework makes its processes as it starts, and shows them to nobody.
        if not self._registered.is_set():
            return frozenset()
        processes = self._server._proc_pool.processes
        return frozenset(one.pid for one in processes if isinstance(one, ProcJobExecutor) and one.running_job)

    def _is_crowded(self) -> bool:
        return self._is_full() or self._accepting + len(self._job_pids) >= self._most

    def _load(self) -> float:
        return 1.0 if self._is_full() else 0.0

    async def _answer(self, request: JobRequest) -> None:
        if self._draining or self._is_crowded() or not _is_session_id(request.job.metadata):
            await request.reject(terminate=False)
            return
        self._accepting += 1
        try:
            # An identity of its own (the framework's default): a second dispatch must not push the first out.
            await request.accept(name="Agent")
        finally:
            self._accepting -= 1


def _is_session_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
