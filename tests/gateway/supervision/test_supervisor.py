"""The supervisor over scripted roles: what it starts, restarts, refuses, drains and never leaves behind."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import reserve_ports

ROLES = ("web", "jobs", "worker")
DRIVER = Path(__file__).with_name("run_fakes.py")


async def within(seconds: float, holds: Callable[[], bool]) -> None:
    """Poll until `holds`, failing after the deadline."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.02)


@dataclass
class Running:
    """A supervisor process and what it says."""

    process: asyncio.subprocess.Process
    trace_file: Path

    async def event(self, name: str) -> dict[str, object]:
        """The next event of this name."""
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            while line := await self.process.stdout.readline():
                event: dict[str, object] = json.loads(line)
                if event["event"] == name:
                    return event
        raise AssertionError(f"no {name} before the end")

    async def exit_code(self) -> int:
        async with asyncio.timeout(20):
            await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode

    def trace(self, role: str) -> list[str]:
        lines = self.trace_file.read_text().splitlines() if self.trace_file.exists() else []
        return [line.partition(" ")[2] for line in lines if line.startswith(f"{role} ")]

    def pids(self) -> list[int]:
        """Every process that a role said it is or started."""
        found = (entry.split() for role in ROLES for entry in self.trace(role))
        return [int(words[1]) for words in found if words[0] in ("loaded", "helper")]


def alive(pid: int) -> bool:
    """True while the process runs; a zombie waiting for its parent is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    started: list[Running] = []

    async def start_supervisor(**behaviour: str) -> Running:
        trace = tmp_path / f"trace-{len(started)}"
        fake = {f"FAKE_{name.upper()}": value for name, value in behaviour.items()}
        environment = {**os.environ, "FAKE_BASE_PORT": str(reserve_ports()), "FAKE_TRACE": str(trace), **fake}
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(DRIVER), env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        started.append(Running(process, trace))
        return started[-1]

    yield start_supervisor
    for running in started:
        with suppress(ProcessLookupError):
            running.process.kill()
        await running.process.communicate()
        await within(10, lambda running=running: not any(map(alive, running.pids())))  # type: ignore[misc]


async def test_everything_starts_and_a_signal_drains_the_worker_and_jobs_before_web(start: Start) -> None:
    """OPS-3: roles drain in the order in which they need each other."""
    running = await start()
    ready = await running.event("ready")
    assert ready["mcp"] == "http://m"
    running.process.send_signal(signal.SIGTERM)
    await running.event("stopped")
    assert await running.exit_code() == 0
    order = [line for line in running.trace_file.read_text().splitlines() if line.endswith(("term", "end"))]
    assert order[-2:] == ["web term", "web end"]
    assert {"worker end", "jobs end"} < set(order)


async def test_only_web_goes_before_the_installation_is_prepared(start: Start) -> None:
    """OPS-1: nothing touches the database before it is migrated."""
    running = await start(refuse="The database is away.")
    assert (await running.event("refused"))["message"] == "The database is away."
    assert await running.exit_code() == 78
    assert "go" in running.trace("web")
    assert "go" not in running.trace("jobs") + running.trace("worker")


async def test_a_killed_role_starts_again_and_the_others_go_on(start: Start) -> None:
    """OPS-2: kill -9 of any role is repaired."""
    running = await start()
    await running.event("ready")
    for role in ROLES:
        os.kill(int(running.trace(role)[0].split()[1]), signal.SIGKILL)
        again = await running.event("restarting")
        assert (again["role"], again["exit_status"]) == (role, -signal.SIGKILL)
        await within(10, lambda role=role: running.trace(role).count("go") == 2)  # type: ignore[misc]


async def test_a_crash_during_the_start_is_repaired(start: Start) -> None:
    """OPS-2: one bad start is not the end."""
    running = await start(crash_once="jobs")
    assert (await running.event("restarting"))["exit_status"] == 3
    await running.event("ready")


async def test_a_role_that_cannot_start_ends_everything_with_a_sentence(start: Start) -> None:
    """OPS-1: no endless loop on a broken installation."""
    running = await start(crash="worker")
    assert "worker" in str((await running.event("refused"))["message"])
    assert await running.exit_code() == 1


async def test_a_role_that_ignores_the_drain_is_killed_when_the_time_is_over(start: Start) -> None:
    """OPS-3: the drain is bounded."""
    running = await start(stubborn="worker")
    await running.event("ready")
    running.process.send_signal(signal.SIGINT)
    assert await running.exit_code() == 0
    assert not any(map(alive, running.pids()))


async def test_a_second_signal_stops_at_once(start: Start) -> None:
    """OPS-3: impatience is possible."""
    running = await start(stubborn="worker")
    await running.event("ready")
    running.process.send_signal(signal.SIGINT)
    await running.event("stopping")
    running.process.send_signal(signal.SIGINT)
    assert await running.exit_code() == 130
    assert not any(map(alive, running.pids()))


@pytest.mark.parametrize("stubborn", ["", "worker"])
async def test_nothing_outlives_a_killed_supervisor(start: Start, stubborn: str) -> None:
    """OPS-2: kill -9 of the supervisor leaves no process behind, helpers of the roles included."""
    running = await start(helper="worker", stubborn=stubborn)
    await running.event("ready")
    assert all(map(alive, running.pids()))
    running.process.kill()
    await running.process.wait()
    await within(10, lambda: not any(map(alive, running.pids())))


async def test_helpers_of_a_killed_role_go_with_it(start: Start) -> None:
    """OPS-2: a restarted role does not find its predecessor's processes."""
    running = await start(helper="jobs")
    await running.event("ready")
    role, helper = (int(running.trace("jobs")[at].split()[1]) for at in (0, 2))
    os.kill(role, signal.SIGKILL)
    await within(10, lambda: not alive(helper))
