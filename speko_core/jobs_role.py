"""The jobs role: background work, its lease, its health port, an orderly end."""

import asyncio
import logging
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from speko_core import leases
from speko_core.adapters.dbos_jobs import DbosJobs
from speko_core.adapters.dbos_runner import DbosRunner
from speko_core.deps import Deps, build_deps
from speko_core.health import bind, serve_health
from speko_core.jobs import KINDS
from speko_core.readiness import Readiness
from speko_core.settings import Settings

logger = logging.getLogger(__name__)

LEASE_VALID = timedelta(seconds=10)
RESCUE_EVERY_S = 10.0
# Longer than any pause of a live process, so that its work is never taken from it.
EXECUTOR_DEAD = timedelta(seconds=30)
_HOST_CHARACTERS = 60


async def run_jobs(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then drain.

    Raises:
        ConfigurationError: the health port is taken, or the settings cannot work.
    """
    listener = bind(settings.host, settings.health_port("jobs"))
    deps = build_deps(settings)
    try:
        jobs = deps.jobs
        assert isinstance(jobs, DbosJobs)
        await _Role(deps, jobs, listener).run()
    finally:
        await deps.aclose()


def instance_name(port: int) -> str:
    """A name that is unique among live processes, because the port is, and the same after a restart."""
    return f"jobs-{socket.gethostname()[:_HOST_CHARACTERS]}-{port}"


@dataclass
class _Role:
    deps: Deps
    jobs: DbosJobs
    listener: socket.socket
    launched: bool = False
    renewed_at: datetime | None = None

    async def run(self) -> None:
        name = instance_name(self.listener.getsockname()[1])
        stop = _stop_on_signals()
        runner = DbosRunner(self.deps, self.jobs, KINDS, name)
        async with serve_health(self.listener, self._readiness):
            await self._renew(name, ready=False)
            await runner.start()
            self.launched = True
            logger.info("jobs role started", extra={"instance": name})
            loops = [
                asyncio.create_task(work, name=label)
                for label, work in (
                    ("lease", self._keep_lease(name)),
                    ("rescue", self._keep_rescuing(name)),
                    ("periodic", runner.run_periodic()),
                )
            ]
            try:
                await _first(stop, *loops)
            finally:
                self.launched = False
                await self._drain(runner, name, loops)

    async def _drain(self, runner: DbosRunner, name: str, loops: list[asyncio.Task[None]]) -> None:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await runner.stop(self.deps.settings.drain_timeout_s)
        with suppress(SQLAlchemyError):  # the lease runs out by itself
            async with self.deps.database.transaction(None) as db:
                await leases.release(db, name)
        logger.info("jobs role stopped", extra={"instance": name})

    async def _keep_lease(self, name: str) -> None:
        while True:
            try:
                await self._renew(name, ready=True)
            except SQLAlchemyError:
                logger.exception("the lease could not be renewed")
            await self.deps.clock.sleep(leases.RENEW_S)

    async def _renew(self, name: str, *, ready: bool) -> None:
        now = self.deps.clock.now()
        async with self.deps.database.transaction(None) as db:
            await leases.renew(db, leases.Lease(name, "jobs", ready=ready), now)
        self.renewed_at = now

    async def _keep_rescuing(self, name: str) -> None:
        """Take over the work of processes that will not come back to it themselves."""
        while True:
            try:
                rescued = await self.jobs.resume_orphans(await self._live_executors() | {name})
                if rescued:
                    logger.warning("took over work of a lost process", extra={"runs": rescued})
            except Exception:  # the edge of the role: the next look may succeed
                logger.exception("lost work could not be looked for")
            await self.deps.clock.sleep(RESCUE_EVERY_S)

    async def _live_executors(self) -> set[str]:
        since = self.deps.clock.now() - EXECUTOR_DEAD
        async with self.deps.database.transaction(None, read_only=True) as db:
            return set(await leases.live_instances(db, "jobs", since))

    async def _readiness(self) -> Readiness:
        fresh = self.renewed_at is not None and self.deps.clock.now() - self.renewed_at < LEASE_VALID
        return Readiness({"engine": self.launched, "database": fresh})


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _first(stop: asyncio.Event, *loops: asyncio.Task[None]) -> None:
    """Wait for the signal, or for a loop to fail: a role that lost a loop ends and is restarted."""
    waiting = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait((waiting, *loops), return_when=asyncio.FIRST_COMPLETED)
        for task in done - {waiting}:
            await task
    finally:
        waiting.cancel()
