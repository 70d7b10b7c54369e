"""Speech to text through the gateway: whole utterances, or streams."""

import time
from uuid import uuid4
from weakref import WeakSet

import httpx
from livekit.agents import APIConnectOptions, stt
from livekit.agents.language import LanguageCode
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer

from speko_core.types import JsonObject
from speko_worker.plugins.audio import frames_to_wav
from speko_worker.plugins.client import SpekoClient, event_error, stream_ended
from speko_worker.plugins.errors import SpekoApiError, to_livekit
from speko_worker.plugins.intent import Constraints, Intent, validate_intent
from speko_worker.plugins.legs import UNKNOWN, CallSink, Leg, LegSink, ServedCall, ignore_call, ignore_leg
from speko_worker.plugins.stream import SpekoRecognizeStream


class SpekoSTT(stt.STT[str]):
    """Uploads VAD-segmented utterances; wrap it in `stt.StreamAdapter` where a stream is needed.

    With `streaming` it has streams of its own, which hear over the gateway's socket while somebody speaks.
    """

    def __init__(
        self,
        speko: SpekoClient,
        intent: Intent,
        *,
        constraints: Constraints | None = None,
        keywords: tuple[str, ...] = (),
        prompt: str | None = None,
        streaming: bool = False,
        on_leg: LegSink = ignore_leg,
        on_call: CallSink = ignore_call,
    ) -> None:
        can = stt.STTCapabilities(streaming=streaming, interim_results=streaming, manual_flush=streaming)
        super().__init__(capabilities=can)
        validate_intent(intent)
        self._label = "speko.STT"
        self._speko = speko
        self._on_leg, self._on_call = on_leg, on_call
        self._streams: WeakSet[SpekoRecognizeStream] = WeakSet()
        self.retune(intent, constraints or Constraints(), keywords, prompt)

    def retune(
        self, intent: Intent, constraints: Constraints, keywords: tuple[str, ...] = (), prompt: str | None = None
    ) -> None:
        """Other settings from the next utterance on."""
        self._intent, self._constraints = intent, constraints
        self._options: JsonObject = {"keywords": list(keywords)} if keywords else {}
        if prompt:
            self._options["prompt"] = prompt
        for stream in self._streams:
            stream.retune(self._opening())

    @property
    def provider(self) -> str:
        """Always `speko`: which vendor served is in the leg."""
        return "speko"

    @property
    def model(self) -> str:
        """Always `speko-router`."""
        return "speko-router"

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> stt.RecognizeStream:
        """Hear while somebody speaks; without `streaming` raises NotImplementedError with what to use instead."""
        if not self.capabilities.streaming:
            raise NotImplementedError(
                "SpekoSTT has no stream() unless it is made with streaming=True: it uploads whole utterances. Wrap it "
                "in stt.StreamAdapter(stt=..., vad=...), or let create_speko_components (createSpekoComponents in "
                "TypeScript) do so."
            )
        stream = SpekoRecognizeStream(self, self._speko, self._opening(), conn_options, self._on_leg, self._on_call)
        self._streams.add(stream)
        return stream

    def _opening(self) -> JsonObject:
        opening: JsonObject = {"intent": self._intent.to_wire(), "options": self._options}
        constraints = self._constraints.to_wire()
        return {**opening, "constraints": constraints} if constraints else opening

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        wav = frames_to_wav(buffer)
        try:
            done = await self._transcribe(wav)
        except SpekoApiError as error:
            # The recognizers agree that a cough was no words: an empty transcript is the framework's word for it.
            if not error.nothing_was_heard:
                raise to_livekit(error, started=False) from error
            done = {}
        except httpx.HTTPError as error:
            raise to_livekit(error, started=False) from error
        confidence = done.get("confidence")
        spoken = stt.SpeechData(
            language=LanguageCode(self._intent.language),
            text=str(done.get("text", "")),
            confidence=float(confidence) if isinstance(confidence, int | float) else 1.0,
        )
        return stt.SpeechEvent(
            type=stt.SpeechEventType.FINAL_TRANSCRIPT, request_id=str(uuid4()), alternatives=[spoken]
        )

    async def _transcribe(self, wav: bytes) -> JsonObject:
        began, began_at, leg = time.perf_counter(), time.time(), UNKNOWN
        intent, constraints = self._intent.to_wire(), self._constraints.to_wire()
        call = self._speko.transcribe(wav, "audio/wav", intent, constraints, self._options)
        try:
            async with call as events:
                async for event in events:
                    if event.name == "error":
                        raise event_error(event)
                    if event.name == "done":
                        took_ms = (time.perf_counter() - began) * 1000
                        leg = Leg(str(event.data["provider"]), str(event.data["model"]), took_ms)
                        self._on_leg("stt", leg)
                        return event.data
            raise stream_ended()
        finally:
            self._on_call(ServedCall("stt", leg, began_at, time.time(), failed=leg is UNKNOWN))
