"""The whole product as a user starts it: `speko up` in a process of its own, on free ports, with an empty folder."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

READY_TIMEOUT_S = 50.0
STOP_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Product:
    """A running installation and what it printed at its first start."""

    base_url: str
    links: dict[str, str]


def free_ports(count: int) -> int:
    """The first of `count` consecutive free ports: each role takes the next one."""
    for start in range(20_000 + os.getpid() % 20_000, 60_000, count):
        if all(_is_free(port) for port in range(start, start + count)):
            return start
    raise RuntimeError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@asynccontextmanager
async def running_product(folder: Path) -> AsyncIterator[Product]:
    """Start with an empty data folder, yield when every role is ready, stop as Ctrl-C does."""
    port = free_ports(3)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPEKO_")}
    environment = {**inherited, "SPEKO_PORT": str(port), "SPEKO_DATA_DIR": str(folder / "data")}
    log = (folder / "up.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "speko_gateway.cli.main", "up", "--json",
        cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            links = await _until_ready(process, folder / "up.log")
        drain = asyncio.create_task(_drain(process))
        yield Product(f"http://127.0.0.1:{port}", links)
        drain.cancel()
    finally:
        await _stop(process)
        log.close()


async def _until_ready(process: asyncio.subprocess.Process, log: Path) -> dict[str, str]:
    assert process.stdout is not None
    async for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "ready":
            return {name: value for name, value in event.items() if isinstance(value, str)}
    raise AssertionError(f"`speko up` ended before it was ready:\n{await asyncio.to_thread(log.read_text)}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    while await process.stdout.readline():
        pass


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
