"""A caller whose every move a test decides."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from speko_core.types import JsonObject
from tests.worker.speech import speech_pcm

RATE = 16_000
FRAME = RATE // 50 * 2


@dataclass
class Caller:
    """Sends silence in real time unless it speaks; keeps what it receives, audio as (time, bytes)."""

    socket: ClientConnection
    frames: list[JsonObject] = field(default_factory=list)
    audio: list[tuple[float, bytes]] = field(default_factory=list)
    close_code: int | None = None
    _voice: bytearray = field(default_factory=bytearray)

    def say(self, text: str) -> None:
        """Speak, beginning now."""
        self._voice += speech_pcm(text, RATE)

    async def send(self, frame: JsonObject) -> None:
        await self.socket.send(json.dumps(frame))

    async def type(self, text: str) -> None:
        await self.send({"type": "user_message", "text": text})

    async def hang_up(self) -> None:
        await self.socket.send(json.dumps({"type": "end"}))

    def of(self, kind: str) -> list[JsonObject]:
        """Received frames of a type."""
        return [frame for frame in self.frames if frame["type"] == kind]

    @property
    def said(self) -> list[tuple[object, object]]:
        """(source, text) of the turns so far."""
        return [(turn["source"], turn["text"]) for turn in self.of("turn")]

    @property
    def is_hearing(self) -> bool:
        """Audio arrived within the last 100 ms."""
        return bool(self.audio) and time.monotonic() - self.audio[-1][0] < 0.1

    async def receive(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in self.socket:
                if isinstance(message, bytes):
                    self.audio.append((time.monotonic(), message))
                else:
                    self.frames.append(json.loads(message))
        self.close_code = self.socket.close_code

    async def speak(self) -> None:
        due = time.monotonic()
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = bytes(self._voice[:FRAME]).ljust(FRAME, b"\0")
                del self._voice[:FRAME]
                await self.socket.send(frame)
                due += 0.02
                await asyncio.sleep(max(0.0, due - time.monotonic()))


@contextlib.asynccontextmanager
async def calling(url: str, token: str = "t") -> AsyncIterator[Caller]:
    """Connect, keep the line open, hang up without a word at the end."""
    async with connect(url, subprotocols=[Subprotocol("speko.media.v1"), Subprotocol(token)], proxy=None) as socket:
        caller = Caller(socket)
        tasks = [asyncio.create_task(caller.receive()), asyncio.create_task(caller.speak())]
        try:
            yield caller
        finally:
            await socket.close()
            await asyncio.gather(*tasks)
