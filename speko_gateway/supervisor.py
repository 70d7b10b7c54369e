"""`speko up`: web, jobs and worker as child processes of one light parent.

starting → ready → draining → stopped. All roles load their code at once; web alone checks the configuration, migrates
and seeds, and only its `prepared` lets the others go. A role that dies starts again with backoff, on its own. The
parent imports only the standard library: what it must know (ports, timeouts) arrives with `prepared`.
"""

import asyncio
import signal
import sys
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from speko_core.probe import connectable, get_json
from speko_gateway import exit_codes
from speko_gateway.child import Child, Event

ROLES = ("web", "jobs", "worker")
EXECUTABLE = (sys.executable, "-m", "speko_gateway.cli.main")
READY_WITHIN_S = 150.0
CRASHES_BEFORE_GIVING_UP = 4
_POLL_S = 0.1
# The worker and jobs drain through web, so web goes last and keeps this share of the time.
_WEB_SHARE = 0.3


@dataclass(frozen=True)
class Prepared:
    """What web knows after preparing: where the roles answer, and what to show."""

    host: str
    ports: dict[str, int]
    drain_timeout_s: float
    links: Event

    @classmethod
    def from_event(cls, event: Event) -> "Prepared":
        """Read a `prepared` event of our own web role."""
        ports, drain, links = event["ports"], event["drain_timeout_s"], event["links"]
        assert isinstance(ports, dict)
        assert isinstance(drain, float)
        assert isinstance(links, dict)
        return cls(connectable(str(event["host"])), ports, drain, links)


class Reporter(Protocol):
    """Where the supervisor tells people what happens."""

    def starting(self) -> None:
        """The roles are being started."""
        ...

    def progress(self, ready: dict[str, bool]) -> None:
        """Which roles are ready so far."""
        ...

    def ready(self, links: Event, seconds: float) -> None:
        """Everything answers."""
        ...

    def restarting(self, role: str, status: int, pause_s: float) -> None:
        """A role ended by itself and starts again after a pause."""
        ...

    def refused(self, message: str) -> None:
        """It cannot work as configured; one sentence."""
        ...

    def stopping(self) -> None:
        """Drain begins."""
        ...

    def stopped(self) -> None:
        """Nothing runs any more."""
        ...


@dataclass
class Supervisor:
    """Owns the three children from start to end."""

    reporter: Reporter
    environment: Mapping[str, str]
    executable: Sequence[str] = EXECUTABLE
    _signals: int = field(default=0, init=False)
    _ready: bool = field(default=False, init=False)
    _children: dict[str, Child] = field(init=False)
    _prepared: "asyncio.Future[Prepared]" = field(init=False)
    _outcome: "asyncio.Future[int]" = field(init=False)
    _stopping: asyncio.Event = field(init=False)

    async def run(self) -> int:
        """Run until a signal or a refusal; returns the exit code. Nothing it started is alive afterwards."""
        loop = asyncio.get_running_loop()
        self._prepared, self._outcome, self._stopping = loop.create_future(), loop.create_future(), asyncio.Event()
        self._children = {role: Child(role, self.executable, self.environment, self._on_event) for role in ROLES}
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal)
        self.reporter.starting()
        keepers = {role: self._own(self._keep(child)) for role, child in self._children.items()}
        announcer = self._own(self._announce())
        try:
            code = await self._outcome
        finally:
            announcer.cancel()
            await self._stop(keepers)
        self.reporter.stopped()
        return exit_codes.INTERRUPTED if self._hurried else code

    @property
    def _hurried(self) -> bool:
        """A second signal came: no more patience."""
        return self._signals > 1

    def _own(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        task.add_done_callback(self._on_task_done)
        return task

    def _on_task_done(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) and not self._outcome.done():
            self._outcome.set_exception(error)

    def _on_signal(self) -> None:
        self._signals += 1
        if self._hurried:
            self._kill_all()
        self._finish(exit_codes.OK)

    def _finish(self, code: int) -> None:
        if not self._outcome.done():
            self._outcome.set_result(code)

    def _on_event(self, role: str, event: Event) -> None:
        if event["event"] == "prepared" and not self._prepared.done():
            self._prepared.set_result(Prepared.from_event(event))
        elif event["event"] == "refused":
            self._refuse(str(event["message"]), exit_codes.CONFIGURATION)

    def _refuse(self, message: str, code: int) -> None:
        if self._outcome.done():
            return
        self.reporter.refused(message)
        if not self._ready:
            self._finish(code)

    async def _keep(self, child: Child) -> None:
        while not self._outcome.done():
            first = child.crashes == 0 and not self._ready
            await child.start()
            releaser = self._own(self._release(child, first))
            status = await child.wait()
            releaser.cancel()
            if not self._outcome.done():
                await self._pause(child, status)

    async def _release(self, child: Child, first: bool) -> None:
        if child.role == "web":
            await child.go(ROLES if first else ("web",))
            return
        await asyncio.shield(self._prepared)
        await child.go(())

    async def _pause(self, child: Child, status: int) -> None:
        pause = child.next_pause_s()
        if not self._ready and child.crashes >= CRASHES_BEFORE_GIVING_UP:
            message = f"The {child.role} role stops right after its start (exit status {status}); its log says why."
            self._refuse(message, exit_codes.FAILED)
            return
        self.reporter.restarting(child.role, status, pause)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)

    async def _announce(self) -> None:
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                prepared = await asyncio.shield(self._prepared)
                await self._until_ready(prepared)
        except TimeoutError:
            self._refuse(
                f"Not every role was ready within {READY_WITHIN_S:.0f} s; the logs say why.", exit_codes.FAILED
            )
            return
        self._ready = True
        self.reporter.ready(prepared.links, asyncio.get_running_loop().time() - started)

    async def _until_ready(self, prepared: Prepared) -> None:
        seen: dict[str, bool] = {}
        while True:
            answers = await asyncio.gather(
                *(get_json(prepared.host, prepared.ports[role], "/readyz") for role in ROLES)
            )
            ready = {role: status == 200 for role, (status, _) in zip(ROLES, answers, strict=True)}
            if ready != seen:
                self.reporter.progress(ready)
                seen = ready
            if all(ready.values()):
                return
            await asyncio.sleep(_POLL_S)

    async def _stop(self, keepers: "dict[str, asyncio.Task[None]]") -> None:
        self._stopping.set()
        if self._prepared.done() and not self._hurried:
            self.reporter.stopping()
            patience_s = self._prepared.result().drain_timeout_s
            await self._drain([keepers["worker"], keepers["jobs"]], ("worker", "jobs"), patience_s * (1 - _WEB_SHARE))
            await self._drain([keepers["web"]], ("web",), patience_s * _WEB_SHARE)
        self._kill_all()
        await asyncio.gather(*keepers.values(), return_exceptions=True)

    async def _drain(self, keepers: "list[asyncio.Task[None]]", roles: Sequence[str], patience_s: float) -> None:
        for role in roles:
            self._children[role].terminate()
        await asyncio.wait(keepers, timeout=patience_s)

    def _kill_all(self) -> None:
        for child in self._children.values():
            child.kill()
