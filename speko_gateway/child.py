"""One role as a child process: its pipes, its process group, its restarts' backoff."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

Event = dict[str, object]

BACKOFF_S = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
# A role that lived this long starts again at the shortest pause.
STEADY_AFTER_S = 30.0
_EVENT_LIMIT = 1 << 20


@dataclass
class Child:
    """A role's current process. The supervisor owns it and is the only one to call it."""

    role: str
    executable: Sequence[str]
    environment: Mapping[str, str]
    on_event: Callable[[str, Event], None]
    process: Process | None = None
    crashes: int = 0
    started_at: float = 0.0
    _events: asyncio.Task[None] | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Start the process; it loads its code and then waits for `go`."""
        read_fd, write_fd = os.pipe()
        command = [*self.executable, self.role, "--supervisor-fd", str(write_fd)]
        try:
            self.process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                env=self.environment,
                pass_fds=(write_fd,),
                start_new_session=True,
            )
        finally:
            os.close(write_fd)
        self.started_at = asyncio.get_running_loop().time()
        self._events = asyncio.create_task(self._read_events(read_fd))

    async def go(self, check_ports: Sequence[str]) -> None:
        """Let the role start its work."""
        assert self.process is not None
        assert self.process.stdin is not None
        with suppress(ConnectionError):  # it died meanwhile, and `wait` says so
            self.process.stdin.write(json.dumps({"check_ports": list(check_ports)}).encode() + b"\n")
            await self.process.stdin.drain()

    async def wait(self) -> int:
        """Wait for the end of the process, clear what it left behind, and return its exit status."""
        assert self.process is not None
        assert self._events is not None
        status = await self.process.wait()
        self.kill()
        await self._events
        return status

    def terminate(self) -> None:
        """Ask the role to drain."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()

    def kill(self) -> None:
        """End the role and every process it started, at once. Also after its own end: helpers may survive it."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def next_pause_s(self) -> float:
        """How long to wait before the next start, after a crash."""
        if asyncio.get_running_loop().time() - self.started_at > STEADY_AFTER_S:
            self.crashes = 0
        pause = BACKOFF_S[min(self.crashes, len(BACKOFF_S) - 1)]
        self.crashes += 1
        return pause

    async def _read_events(self, read_fd: int) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_EVENT_LIMIT)
        pipe = os.fdopen(read_fd, "rb", buffering=0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            while line := await reader.readline():
                self.on_event(self.role, json.loads(line))
        finally:
            transport.close()
