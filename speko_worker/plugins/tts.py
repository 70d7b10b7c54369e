"""Speech through `/v1/synthesize`, one sentence a call, audio passed on as it arrives."""

import time
from dataclasses import dataclass
from uuid import uuid4

import httpx
from livekit.agents import APIConnectOptions, APIError, tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

from speko_core.types import JsonObject
from speko_worker.plugins.client import SpekoClient, Synthesis
from speko_worker.plugins.decoding import StreamDecoder
from speko_worker.plugins.errors import SpekoApiError, to_livekit
from speko_worker.plugins.intent import Constraints, Intent, validate_intent
from speko_worker.plugins.legs import UNKNOWN, CallSink, Leg, LegSink, ServedCall, ignore_call, ignore_leg

FRAME_MS = 20


@dataclass(frozen=True)
class TtsOptions:
    """How the speech should sound.

    `sample_rate` is what the framework is told to expect, in Hz. With `resample` a provider of another rate is
    converted to it; without, the mismatch is an error.
    """

    voice: str | None = None
    speed: float | None = None
    sample_rate: int = 24_000
    resample: bool = False


class SpekoTTS(tts.TTS[str]):
    """The router as a voice; wrap it in `tts.StreamAdapter` where a stream is needed."""

    def __init__(
        self,
        speko: SpekoClient,
        intent: Intent,
        *,
        options: TtsOptions | None = None,
        constraints: Constraints | None = None,
        on_leg: LegSink = ignore_leg,
        on_call: CallSink = ignore_call,
    ) -> None:
        validate_intent(intent)
        self.retune(intent, options or TtsOptions(), constraints or Constraints())
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False, aligned_transcript=False),
            sample_rate=self.options.sample_rate,
            num_channels=1,
        )
        self._label = "speko.TTS"
        self.speko = speko
        self.on_leg = on_leg
        self.on_call = on_call

    def retune(self, intent: Intent, options: TtsOptions, constraints: Constraints) -> None:
        """Another voice from the next text on; the sample rate must stay."""
        self.options = options
        self._base = _base_body(intent, options, constraints)

    @property
    def provider(self) -> str:
        """Always `speko`: which vendor served is in the leg."""
        return "speko"

    @property
    def model(self) -> str:
        """Always `speko-router`."""
        return "speko-router"

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> "SpekoTTSChunkedStream":
        """Speak one text."""
        body: JsonObject = {**self._base, "text": text}
        return SpekoTTSChunkedStream(self, body, input_text=text, conn_options=conn_options)

    def stream(self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> tts.SynthesizeStream:
        """Not available; raises NotImplementedError with what to use instead."""
        raise NotImplementedError(
            "SpekoTTS speaks one sentence a call and has no stream(). Wrap it in tts.StreamAdapter(tts=...), "
            "or let create_speko_components (createSpekoComponents in TypeScript) do so."
        )


def _base_body(intent: Intent, options: TtsOptions, constraints: Constraints) -> JsonObject:
    body: JsonObject = {"intent": intent.to_wire()}
    if options.voice:
        body["voice"] = options.voice
    if options.speed is not None:
        body["speed"] = options.speed
    if allowed := constraints.to_wire():
        body["constraints"] = allowed
    return body


class SpekoTTSChunkedStream(tts.ChunkedStream):
    """One text being spoken."""

    def __init__(self, owner: SpekoTTS, body: JsonObject, *, input_text: str, conn_options: APIConnectOptions) -> None:
        super().__init__(tts=owner, input_text=input_text, conn_options=conn_options)
        self._owner = owner
        self._body = body
        self._started = False
        self._began = 0.0
        self._leg = UNKNOWN

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        rate = self._owner.options.sample_rate
        self._began, began_at, failed = time.perf_counter(), time.time(), True
        output_emitter.initialize(
            request_id=str(uuid4()),
            sample_rate=rate,
            num_channels=1,
            mime_type="audio/pcm",
            frame_size_ms=FRAME_MS,
        )
        try:
            async with self._owner.speko.synthesize(self._body, accept=f"audio/pcm;rate={rate}") as answer:
                await self._forward(answer, output_emitter)
            failed = False
        except (SpekoApiError, httpx.HTTPError) as error:
            raise to_livekit(error, started=self._started) from error
        except ValueError as error:
            raise APIError(str(error), retryable=False) from error
        finally:
            self._owner.on_call(ServedCall("tts", self._leg, began_at, time.time(), failed))

    async def _forward(self, answer: Synthesis, emitter: tts.AudioEmitter) -> None:
        options = self._owner.options
        decoder = StreamDecoder(answer.content_type, answer.provider, options.sample_rate, resample=options.resample)
        async for chunk in answer.chunks:
            self._push(decoder.feed(chunk), emitter, answer)
        self._push(decoder.finish(), emitter, answer)
        if not self._started:
            raise APIError("SpekoTTS: provider returned empty audio", retryable=True)
        emitter.flush()

    def _push(self, pcm: bytes, emitter: tts.AudioEmitter, answer: Synthesis) -> None:
        if not pcm:
            return
        if not self._started:
            self._started = True
            first_ms = (time.perf_counter() - self._began) * 1000
            self._leg = Leg(answer.provider, answer.model, first_ms)
            self._owner.on_leg("tts", self._leg)
        emitter.push(pcm)
