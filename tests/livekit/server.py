"""A LiveKit server of our own, in a process: `make livekit` builds it, without it the tests that need it skip."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
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


@dataclass
class LiveKit:
    """A server with rooms in its memory, on ports of its own; it can be stopped and started again."""

    program: str
    log: Path
    port: int = field(default_factory=reserve_ports)
    _process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where its API answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        """Where clients join."""
        return f"ws://127.0.0.1:{self.port}"

    def api(self) -> api.LiveKitAPI:
        """A client of its server API; close it."""
        return api.LiveKitAPI(self.url, KEY, SECRET)

    async def remove(self, room: str) -> None:
        """Remove a room, as a restart would."""
        client = self.api()
        try:
            await client.room.delete_room(api.DeleteRoomRequest(room=room))
        finally:
            await client.aclose()

    def settings(self) -> dict[str, str]:
        """What a product needs to use it."""
        return {
            "SPEKO_LIVEKIT_URL": self.socket_url,
            "SPEKO_LIVEKIT_API_KEY": KEY,
            "SPEKO_LIVEKIT_API_SECRET": SECRET,
        }

    async def start(self) -> None:
        """Start, and wait until it answers."""
        config = CONFIG.format(self.port, self.port + 1, self.port + 2, key=KEY, secret=SECRET)
        command = [self.program, "--dev", "--bind", "127.0.0.1", "--config-body", config]
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
        await _answers(self.url, self._process)

    async def stop(self) -> None:
        """Kill it: nothing of it outlives the test, and rooms in memory need no farewell."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


def livekit_program() -> str | None:
    """The server built by `make livekit`, or one on PATH."""
    folder = Path(os.environ.get("SPEKO_CLIENTS_DIR") or Path(__file__).parents[2] / ".clients")
    return shutil.which(folder / "livekit" / "livekit-server") or shutil.which("livekit-server")


@asynccontextmanager
async def running_livekit(program: str, log: Path) -> AsyncIterator[LiveKit]:
    """Start, yield, stop."""
    server = LiveKit(program, log)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def _answers(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_S), httpx.AsyncClient(timeout=START_S) as http:
        while process.returncode is None:
            try:
                if (await http.get(url)).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise AssertionError("livekit-server ended; its log is beside the data of the test")
