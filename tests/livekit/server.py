"""A LiveKit server of our own, in a process: `make livekit` builds it, without it the tests that need it skip."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from livekit import api

from tests.ports import reserve_ports

START_S = 30.0
# Not those of `--dev`: PyJWT warns of secrets under 32 bytes, and warnings are errors here.
KEY, SECRET = "testkey", "a-secret-of-no-worth-in-any-other-place"
CONFIG = """
port: {0}
rtc: {{tcp_port: {1}, udp_port: {2}, use_external_ip: false, node_ip: 127.0.0.1}}
keys: {{{key}: {secret}}}
"""


@dataclass(frozen=True)
class LiveKit:
    """A running server with rooms in its memory."""

    url: str

    def api(self) -> api.LiveKitAPI:
        """A client of its server API; close it."""
        return api.LiveKitAPI(self.url, KEY, SECRET)


def livekit_program() -> str | None:
    """The server built by `make livekit`, or one on PATH."""
    folder = Path(os.environ.get("SPEKO_CLIENTS_DIR") or Path(__file__).parents[2] / ".clients")
    return shutil.which(folder / "livekit" / "livekit-server") or shutil.which("livekit-server")


@asynccontextmanager
async def running_livekit(program: str, log: Path) -> AsyncIterator[LiveKit]:
    """Start on ports of its own, yield when it answers, stop."""
    port = reserve_ports()
    config = CONFIG.format(port, port + 1, port + 2, key=KEY, secret=SECRET)
    command = [program, "--dev", "--bind", "127.0.0.1", "--config-body", config]
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
    try:
        await _answers(f"http://127.0.0.1:{port}", process)
        yield LiveKit(f"http://127.0.0.1:{port}")
    finally:
        # Nothing of it outlives the test, and rooms in memory need no farewell.
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _answers(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_S), httpx.AsyncClient(timeout=START_S) as http:
        while process.returncode is None:
            try:
                if (await http.get(url)).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise AssertionError("livekit-server ended; its log is beside the data of the test")
