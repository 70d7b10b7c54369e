"""What the realtime bridge adds to a frame of 20 ms: from the caller to the vendor and back, with and without it.

The vendor echoes every piece of audio at once. `direct` speaks the vendor's wire, `bridged` the gateway's; both in one
process and one run, a frame every 20 ms in each of the conversations.

    python benchmarks/realtime.py --frames 500 --conversations 1
"""

import argparse
import asyncio
import base64
import json
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import quantiles

import orjson
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect

from speko_core.adapters.dbos_store import migrate_store
from speko_core.db.migrate import upgrade
from speko_core.settings import Settings
from tests.conftest import MASTER_KEY
from tests.fakes.vendors import openai_realtime
from tests.fakes.vendors.behaviour import Behaviour
from tests.fakes.vendors.openai_realtime import FakeOpenAiRealtime
from tests.fakes.vendors.openai_realtime_conversation import Conversation
from tests.realtime.vendors import house_of

FRAME_S = 0.02
PIECE = b"\x01\x00" * 480


class Echo(Conversation):
    """Says what it hears, piece by piece."""

    def __init__(self, fake: FakeOpenAiRealtime, socket: WebSocket, behaviour: Behaviour) -> None:
        super().__init__(fake, socket, behaviour)
        self._echoing = socket

    async def _hear(self, pcm: bytes) -> None:
        delta = base64.b64encode(pcm).decode()
        at = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
        event = {"type": "response.output_audio.delta", "delta": delta, **at}
        await self._echoing.send_text(orjson.dumps(event).decode())


async def paced(
    frames: int, send: Callable[[], Awaitable[None]], receive: Callable[[], Awaitable[None]]
) -> list[float]:
    """Milliseconds of every round trip, a frame every 20 ms."""
    sent: deque[float] = deque()
    took: list[float] = []

    async def hear() -> None:
        while len(took) < frames:
            await receive()
            took.append((time.perf_counter() - sent.popleft()) * 1000)

    hearing = asyncio.create_task(hear())
    for _ in range(frames):
        sent.append(time.perf_counter())
        await send()
        await asyncio.sleep(FRAME_S)
    async with asyncio.timeout(10):
        await hearing
    return took


async def direct(fake: FakeOpenAiRealtime, frames: int) -> list[float]:
    """Without a gateway."""
    headers = {"Authorization": f"Bearer {fake.key}"}
    url = f"{fake.websocket_url}/v1/realtime?model=gpt-realtime"
    async with connect(url, additional_headers=headers, compression=None, proxy=None) as socket:
        await socket.recv()
        await socket.send(json.dumps({"type": "session.update", "session": {"type": "realtime"}}))
        await socket.recv()
        audio = base64.b64encode(PIECE).decode()

        async def send() -> None:
            await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))

        async def receive() -> None:
            base64.b64decode(json.loads(await socket.recv())["delta"])

        return await paced(frames, send, receive)


async def bridged(socket: ClientConnection, frames: int) -> list[float]:
    """Through the gateway."""

    async def send() -> None:
        await socket.send(PIECE)

    async def receive() -> None:
        while isinstance(await socket.recv(), str):
            pass

    return await paced(frames, send, receive)


def told(took: Sequence[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    cuts = quantiles(took, n=100)
    return {"p50": round(cuts[49], 3), "p95": round(cuts[94], 3), "p99": round(cuts[98], 3)}


async def measure(folder: Path, frames: int, conversations: int) -> dict[str, object]:
    """Both ways in turn, so that neither has the machine to itself."""
    settings = Settings(data_dir=folder / "template", database_url="", master_key=MASTER_KEY, _env_file=None)
    settings.data_dir.mkdir()
    upgrade(settings)
    migrate_store(settings)
    openai_realtime.Conversation = Echo  # type: ignore[misc]  # the fake's own conversation does not echo
    (folder / "data").mkdir()
    async with house_of(folder / "data", settings.sqlite_path, "openai") as (house, fakes):
        plain = [direct(fakes["openai"], frames) for _ in range(conversations)]
        without = [ms for took in await asyncio.gather(*plain) for ms in took]

        async def one() -> list[float]:
            made = await house.create(s2s={"provider": "openai"})
            async with house.call(made) as talk:
                await talk.until("ready")
                return await bridged(talk.socket, frames)

        began = time.process_time()
        through = [ms for took in await asyncio.gather(*(one() for _ in range(conversations))) for ms in took]
        spent = time.process_time() - began
    return {
        "loadBefore": os.getloadavg()[0],
        "conversations": conversations,
        "frames": frames,
        "directMs": told(without),
        "bridgedMs": told(through),
        "cpuMsPerFrameAllSides": round(spent * 1000 / (frames * conversations), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--conversations", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        print(json.dumps(asyncio.run(measure(folder, asked.frames, asked.conversations)), indent=2))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
