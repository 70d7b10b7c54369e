"""A media server that follows a script instead of running an agent: the other end of the talk page's wire.

It speaks docs/media-protocol.md, keeps what the page sent, and serves the page itself beside the socket.
"""

import asyncio
import json
import math
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

OUTPUT_RATE = 24_000
TURN_LATENCY = {"vadMs": 120, "sttMs": 210, "eouMs": 420, "llmTtftMs": 35, "ttsTtfbMs": 48, "totalMs": 505}
LEGS = {
    "stt": {"provider": "local", "model": "sphinx-free"},
    "llm": {"provider": "sandbox", "model": "sandbox-1"},
    "tts": {"provider": "local", "model": "flite-rms"},
}


@dataclass
class Heard:
    """What the page has sent so far."""

    protocols: list[str] = field(default_factory=list)
    audio: bytearray = field(default_factory=bytearray)
    frame_sizes: set[int] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def loudest(self, after_s: float = 0.0) -> int:
        """The largest sample of the microphone audio, at 16 kHz."""
        samples = memoryview(bytes(self.audio)).cast("h")[int(after_s * 16_000) :]
        return max((abs(sample) for sample in samples), default=0)


class Call:
    """One connection, as the script sees it."""

    def __init__(self, socket: WebSocket, heard: Heard) -> None:
        self.socket, self.heard = socket, heard

    async def send(self, kind: str, **fields: object) -> None:
        """One text frame."""
        await self.socket.send_text(json.dumps({"type": kind, **fields}))

    async def ready(self, *, sandbox: bool = True) -> None:
        """The frame that comes first."""
        await self.send(
            "ready",
            sessionId="s1",
            agentName="Default",
            inputSampleRate=16_000,
            outputSampleRate=OUTPUT_RATE,
            sandbox=sandbox,
        )

    async def say(self, seconds: float, hertz: float = 440.0) -> None:
        """A tone in frames of 20 ms, sent ahead of real time."""
        for start in range(0, int(seconds * OUTPUT_RATE), 480):
            await self.socket.send_bytes(tone(start, 480, hertz))

    async def exchange(self, index: int, asked: str, answered: str) -> None:
        """A caller's turn and its answer, as live segments and then as turns."""
        await self.send("state", agent="listening")
        await self.send("transcript", source="user", segmentId=f"u{index}", text=asked.split()[0], isFinal=False)
        await self.send("transcript", source="user", segmentId=f"u{index}", text=asked, isFinal=True)
        await self.send("state", agent="thinking")
        heard = {name: TURN_LATENCY[name] for name in ("vadMs", "sttMs")}
        await self.turn(index, "user", asked, latency=heard)
        await self.send("state", agent="speaking")
        await self.send("transcript", source="agent", segmentId=f"a{index}", text=answered, isFinal=True)
        await self.turn(index + 1, "agent", answered, latency=TURN_LATENCY)

    async def turn(self, index: int, source: str, text: str, **fields: object) -> None:
        """One finished turn."""
        empty = {"vadMs": None, "sttMs": None, "eouMs": None, "llmTtftMs": None, "ttsTtfbMs": None, "totalMs": None}
        turn = {"interrupted": False, "latency": empty, "legs": LEGS, **fields}
        await self.send("turn", index=index, source=source, text=text, startedAt="", endedAt="", **turn)


Script = Callable[[Call], Awaitable[None]]


def tone(start: int, count: int, hertz: float) -> bytes:
    """PCM16 samples of a sine at half loudness."""
    step = 2 * math.pi * hertz / OUTPUT_RATE
    return struct.pack(f"<{count}h", *(int(16_000 * math.sin(step * (start + n))) for n in range(count)))


class ScriptedMedia:
    """The WebSocket endpoint. `script` runs after the connection is accepted; the page's `end` is answered."""

    def __init__(self) -> None:
        self.script: Script = Call.ready
        self.refuse_with: int | None = None
        self.heard = Heard()

    async def endpoint(self, socket: WebSocket) -> None:
        """Accept, run the script beside the receiver, and close as the protocol says."""
        self.heard.protocols = list(socket.scope["subprotocols"])
        await socket.accept(subprotocol="speko.media.v1")
        if self.refuse_with is not None:
            await socket.close(self.refuse_with)
            return
        script = asyncio.create_task(self._play(Call(socket, self.heard)))
        try:
            await self._receive(socket)
        except WebSocketDisconnect:
            self.heard.closed.set()
        finally:
            script.cancel()
            await asyncio.gather(script, return_exceptions=True)

    async def _play(self, call: Call) -> None:
        await self.script(call)

    async def _receive(self, socket: WebSocket) -> None:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            if message.get("bytes") is not None:
                self.heard.audio += message["bytes"]
                self.heard.frame_sizes.add(len(message["bytes"]))
            else:
                await self._answer(socket, json.loads(message["text"]))

    async def _answer(self, socket: WebSocket, frame: dict[str, Any]) -> None:
        self.heard.messages.append(frame)
        if frame["type"] == "end":
            await socket.send_text(json.dumps({"type": "end", "reason": "user"}))
            await socket.close(1000)
