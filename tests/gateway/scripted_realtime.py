"""A speech-to-speech server that follows a script: the other end of the browser's realtime socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.websockets import WebSocket

from tests.gateway.scripted_media import Heard, tone

RATE = 16_000


class RealtimeCall:
    """One connection, as the script sees it."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket

    async def send(self, kind: str, **fields: object) -> None:
        """One JSON frame."""
        await self.socket.send_text(json.dumps({"t": kind, **fields}))

    async def ready(self) -> None:
        """The frame that comes first; its rates are not those that browsers ask for by default."""
        await self.send("ready", inputSampleRate=RATE, outputSampleRate=RATE)

    async def say(self, seconds: float) -> None:
        """A tone, ahead of real time."""
        await self.socket.send_bytes(tone(0, int(seconds * RATE), 440.0))

    async def end(self, reason: str, code: int) -> None:
        """The last frame, and the close."""
        await self.send("end", reason=reason)
        await self.socket.close(code)


RealtimeScript = Callable[[RealtimeCall], Awaitable[None]]


class ScriptedRealtime:
    """The WebSocket endpoint. `script` runs once the connection is accepted with the one protocol it offers."""

    def __init__(self) -> None:
        self.script: RealtimeScript = RealtimeCall.ready
        self.heard = Heard()

    async def endpoint(self, socket: WebSocket) -> None:
        """Accept, run the script beside the receiver."""
        self.heard.protocols = list(socket.scope["subprotocols"])
        await socket.accept(subprotocol=self.heard.protocols[0])
        script = asyncio.create_task(self._play(RealtimeCall(socket)))
        try:
            await self._receive(socket)
        finally:
            script.cancel()
            await asyncio.gather(script, return_exceptions=True)

    async def _play(self, call: RealtimeCall) -> None:
        await self.script(call)

    async def _receive(self, socket: WebSocket) -> None:
        while (message := await socket.receive())["type"] == "websocket.receive":
            self._note(message)
        self.heard.closed.set()

    def _note(self, message: Any) -> None:
        if message.get("bytes") is not None:
            self.heard.audio += message["bytes"]
            self.heard.frame_sizes.add(len(message["bytes"]))
        else:
            self.heard.messages.append(json.loads(message["text"]))
