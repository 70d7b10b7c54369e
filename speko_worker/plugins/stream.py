"""Recognition while somebody speaks: one conversation over `WS /v1/transcribe/stream`."""

import asyncio
import time
from collections import deque
from dataclasses import replace
from uuid import uuid4

import httpx
from livekit import rtc
from livekit.agents import APIConnectionError, APIConnectOptions, stt
from livekit.agents.language import LanguageCode
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from speko_core.types import JsonObject
from speko_worker.plugins.client import SpekoClient, event_error, stream_ended
from speko_worker.plugins.errors import SpekoApiError, to_livekit
from speko_worker.plugins.legs import UNKNOWN, CallSink, Leg, LegSink, ServedCall
from speko_worker.plugins.sse import SseEvent

RATE = 16_000
# Below the minute after which the gateway takes a silent caller for gone.
KEEPALIVE_S = 20.0
# What was said since the last final words, for the connection that may have to take over.
KEPT_S = 30.0
LAST_WORD_S = 1.0


class SpekoRecognizeStream(stt.RecognizeStream):
    """Sends what is heard as it comes; interim words are replaced until the final ones."""

    def __init__(
        self,
        owner: stt.STT[str],
        speko: SpekoClient,
        opening: JsonObject,
        conn_options: APIConnectOptions,
        on_leg: LegSink,
        on_call: CallSink,
    ) -> None:
        self._speko, self._opening = speko, opening
        self._on_leg, self._on_call = on_leg, on_call
        self._changed = asyncio.Event()
        self._kept: deque[rtc.AudioFrame] = deque()
        self._kept_s = 0.0
        self._asked_at: float | None = None
        self._leg = UNKNOWN
        super().__init__(stt=owner, conn_options=conn_options, sample_rate=RATE)

    def retune(self, opening: JsonObject) -> None:
        """Go on with other settings, over a new connection."""
        self._opening = opening
        self._changed.set()

    async def _run(self) -> None:
        try:
            while not await self._converse():
                self._changed.clear()
        except (SpekoApiError, httpx.HTTPError) as error:
            raise to_livekit(error, started=False) from error
        except (ConnectionClosed, OSError) as error:
            raise APIConnectionError("speko gateway: connection lost") from error

    async def _converse(self) -> bool:
        """Hold one connection; True when the conversation is over, False when its settings have changed."""
        async with self._speko.listen({**self._opening, "sampleRate": RATE}) as socket:
            hearing = asyncio.create_task(self._hear(socket), name="speko.stt.hear")
            speaking = asyncio.create_task(self._speak(socket), name="speko.stt.speak")
            changed = asyncio.create_task(self._changed.wait(), name="speko.stt.changed")
            try:
                await asyncio.wait({hearing, changed, speaking}, return_when=asyncio.FIRST_COMPLETED)
                if speaking.done() and not speaking.exception():
                    await asyncio.wait({hearing, changed}, return_when=asyncio.FIRST_COMPLETED)
                elif speaking.done():
                    # The gateway says why it closes before it does.
                    await asyncio.wait({hearing}, timeout=LAST_WORD_S)
                if hearing.done():
                    await hearing
                    return True
                if speaking.done():
                    await speaking
                return False
            finally:
                for task in (hearing, speaking, changed):
                    task.cancel()
                await asyncio.gather(hearing, speaking, changed, return_exceptions=True)

    async def _speak(self, socket: ClientConnection) -> None:
        for frame in [*self._kept]:
            await socket.send(bytes(frame.data))
        while (heard := await self._next(socket)) is not None:
            if isinstance(heard, rtc.AudioFrame):
                self._keep(heard)
                await socket.send(bytes(heard.data))
            else:
                self._asked_at = time.perf_counter()
                await socket.send('{"type":"finalize"}')
        await socket.send('{"type":"end"}')

    async def _next(self, socket: ClientConnection) -> rtc.AudioFrame | stt.RecognizeStream._FlushSentinel | None:
        """What is heard next; None at the end."""
        while True:
            try:
                async with asyncio.timeout(KEEPALIVE_S):
                    return await anext(self._input_ch, None)
            except TimeoutError:
                await socket.send('{"type":"keepalive"}')

    def _keep(self, frame: rtc.AudioFrame) -> None:
        self._kept.append(frame)
        self._kept_s += frame.duration
        while self._kept_s > KEPT_S:
            self._kept_s -= self._kept.popleft().duration

    async def _hear(self, socket: ClientConnection) -> None:
        async for message in socket:
            event = SseEvent.of_message(message)
            if event.name == "error":
                raise event_error(event)
            if event.name == "done":
                return
            if event.name == "meta":
                self._leg = Leg(str(event.data["provider"]), str(event.data["model"]))
            elif event.name == "transcript":
                self._tell(event.data)
        raise stream_ended()

    def _tell(self, heard: JsonObject) -> None:
        is_final, confidence = heard.get("isFinal") is True, heard.get("confidence")
        if is_final:
            self._forget()
        kind = stt.SpeechEventType.FINAL_TRANSCRIPT if is_final else stt.SpeechEventType.INTERIM_TRANSCRIPT
        words = stt.SpeechData(
            language=LanguageCode(str(heard.get("language") or self._language())),
            text=str(heard.get("text", "")),
            confidence=float(confidence) if isinstance(confidence, int | float) else 1.0,
        )
        self._event_ch.send_nowait(stt.SpeechEvent(type=kind, request_id=str(uuid4()), alternatives=[words]))

    def _forget(self) -> None:
        """The words of what was kept are known."""
        self._kept.clear()
        self._kept_s = 0.0
        took_s = None if self._asked_at is None else time.perf_counter() - self._asked_at
        self._asked_at, now = None, time.time()
        leg = replace(self._leg, first_ms=None if took_s is None else took_s * 1000)
        self._on_leg("stt", leg)
        self._on_call(ServedCall("stt", leg, now - (took_s or 0.0), now))

    def _language(self) -> str:
        intent = self._opening.get("intent")
        return str(intent.get("language")) if isinstance(intent, dict) else "en"
