"""The embedded transport: one caller on one WebSocket, `docs/media-protocol.md`."""

import asyncio
import logging
from collections.abc import AsyncIterator

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from speko_core.types import JsonObject
from speko_worker import frames
from speko_worker.background.mixer import Background
from speko_worker.frames import ClientEvent, UserMessage
from speko_worker.media.audio_in import QueuedAudioInput
from speko_worker.media.audio_out import PacedAudioOutput
from speko_worker.media.caller_events import CallerEvents
from speko_worker.media.outbox import Outbox
from speko_worker.media.port import Tape

logger = logging.getLogger("speko.worker.media")

# A second of 48 kHz audio is 96,000 bytes; a larger frame is not a live caller.
MAX_AUDIO_FRAME_BYTES = 192_000
SEND_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 3.0


class WebSocketMedia:
    """A `MediaTransport` over an accepted WebSocket. Owns its reader and writer tasks until `close`."""

    def __init__(self, socket: WebSocket, *, input_rate: int, output_rate: int) -> None:
        self._socket = socket
        self._outbox = Outbox()
        self.audio_input = QueuedAudioInput(input_rate)
        self.audio_output = PacedAudioOutput(self._outbox, output_rate)
        self.playout = self.audio_output
        self._events = CallerEvents()
        self._gone = asyncio.Event()
        self._reader = asyncio.create_task(self._read(), name="speko.media.read")
        self._writer = asyncio.create_task(self._write(), name="speko.media.write")

    def record_to(self, tape: Tape) -> None:
        """The tape hears what arrives and what is played."""
        self.audio_input.tape = self.audio_output.tape = tape

    def play_under(self, background: Background) -> None:
        """The sounds of the call are heard."""
        self.audio_output.play_under(background)

    def send(self, frame: JsonObject) -> None:
        """Queue a frame for the caller."""
        if not self._gone.is_set():
            self._outbox.send(frame)

    def events(self) -> AsyncIterator[ClientEvent]:
        """Typed turns and the final hang-up."""
        return self._events.until_hangup()

    async def close(self, code: int) -> None:
        """Flush what is queued, close with `code`, stop both tasks."""
        await self.audio_output.aclose()
        self.audio_input.close()
        self._outbox.close()
        await asyncio.wait({self._writer}, timeout=CLOSE_TIMEOUT_S)
        self._reader.cancel()
        self._writer.cancel()
        await asyncio.gather(self._reader, self._writer, return_exceptions=True)
        await self._close_socket(code)

    async def _close_socket(self, code: int) -> None:
        if self._gone.is_set() or self._socket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._socket.close(code)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            logger.info("caller was gone before the close")

    async def _read(self) -> None:
        try:
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                self._accept(message.get("bytes"), message.get("text"))
        except (WebSocketDisconnect, RuntimeError):
            logger.info("caller connection broke")
        self._lose()

    def _accept(self, audio: bytes | None, text: str | None) -> None:
        if audio is not None:
            if len(audio) <= MAX_AUDIO_FRAME_BYTES:
                self.audio_input.push(audio)
            else:
                self.send(frames.error("FRAME_TOO_LARGE", "An audio frame is limited to two seconds."))
        elif text is not None:
            self._accept_text(text)

    def _accept_text(self, text: str) -> None:
        try:
            event = frames.parse_client_frame(text)
        except ValueError as error:
            self.send(frames.error("INVALID_FRAME", str(error)))
            return
        if event is None:
            return
        if not self._events.offer(event):
            self.send(frames.error("TOO_MANY_MESSAGES", "Typed messages are arriving faster than they are answered."))
        elif isinstance(event, UserMessage):
            self.send(frames.user_message_echo(event.text))

    def _lose(self) -> None:
        self._gone.set()
        self.audio_input.close()
        self._events.hang_up()

    async def _write(self) -> None:
        try:
            while not self._outbox.overflowed.is_set():
                if (item := await self._outbox.take()) is None:
                    return
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await (self._socket.send_text(item) if isinstance(item, str) else self._socket.send_bytes(item))
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            logger.info("caller does not read any more")
        self._lose()
