"""The whole product as a user starts it: `speko up` in a process of its own, on free ports, with an empty folder."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import reserve_ports

READY_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Product:
    """A running installation and what it printed at its first start."""

    base_url: str
    links: dict[str, str]
    data_dir: Path
    supervisor_pid: int
    environment: dict[str, str]
    ready: dict[str, object]

    def pids(self, role: str = "") -> list[int]:
        """Processes of this installation, or of one role of it: those that carry its data folder."""
        mark = f"SPEKO_DATA_DIR={self.data_dir}".encode()
        found = [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if mark in _read(folder / "environ")]
        return [pid for pid in found if not role or role in _read(Path(f"/proc/{pid}/cmdline")).decode().split("\0")]

    async def command(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """Run `speko` beside the installation: exit code, standard output, standard error."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "speko_gateway.cli.main", *arguments,
            cwd=self.data_dir.parent, env={**self.environment, **variables},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(READY_TIMEOUT_S * 2):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process ended, or belongs to somebody else
        return b""


@contextmanager
def started_product(folder: Path, **variables: str) -> Iterator[Product]:
    """Start with the data folder of `folder`, yield when every role is ready, stop as Ctrl-C does.

    `variables` are environment variables, such as `SPEKO_SESSION_GRACE_S="5"`.
    """
    port = reserve_ports()  # each role takes the next one
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPEKO_")}
    environment = {**inherited, "SPEKO_PORT": str(port), "SPEKO_DATA_DIR": str(folder / "data"), **variables}
    log = folder / "up.log"
    command = [sys.executable, "-m", "speko_gateway.cli.main", "up", "--json"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True
        )
    try:
        ready = _until_ready(process, log)
        links = {name: value for name, value in ready.items() if isinstance(value, str)}
        yield Product(f"http://127.0.0.1:{port}", links, folder / "data", process.pid, environment, ready)
    finally:
        _stop(process)


@asynccontextmanager
async def running_product(folder: Path, **variables: str) -> AsyncIterator[Product]:
    """`started_product` for async tests."""
    starting = started_product(folder, **variables)
    product = await asyncio.to_thread(starting.__enter__)
    try:
        yield product
    finally:
        await asyncio.to_thread(starting.__exit__, None, None, None)


def _until_ready(process: "subprocess.Popen[bytes]", log: Path) -> dict[str, object]:
    """Follow the events, also after the ready one so that the pipe never fills."""
    found: list[dict[str, object]] = []
    over = threading.Event()

    def follow() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "ready":
                found.append(event)
                over.set()
        over.set()

    threading.Thread(target=follow, daemon=True).start()
    over.wait(READY_TIMEOUT_S)
    if not found:
        raise AssertionError(f"`speko up` was not ready:\n{log.read_text()}")
    return found[0]


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.stdout is not None
    process.stdout.close()
