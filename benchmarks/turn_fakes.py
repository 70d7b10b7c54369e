"""Providers of `turns.py` that take a known time: behind this product's gateway, and as plugins without one.

`python -m benchmarks.turn_fakes FOLDER` serves the web role with them until it is terminated, and prints its address
and a key as JSON.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import uvicorn
from livekit.agents import APIConnectOptions, llm, stt, tts
from livekit.agents.language import LanguageCode
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS
from livekit.agents.utils import AudioBuffer

from speko_core.bootstrap import prepare
from speko_core.deps import build_deps
from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import (
    AudioChunk,
    Credential,
    LlmEvent,
    LlmRequest,
    LlmUsage,
    Modality,
    Provider,
    SttRequest,
    TextDelta,
    Transcript,
    TtsRequest,
)
from speko_core.providers.catalog import ModelFacts, VendorFacts, Voice
from speko_core.settings import Settings
from speko_gateway.app import create_app
from tests.serving import served

STT_S, LLM_S, TTS_S = 0.15, 0.2, 0.15
HEARD, ANSWER = "what time do you open", "At nine."
RATE = 24_000
AUDIO = b"\x00\x10" * (RATE // 4)


class FakeVendor:
    """One vendor for all three legs."""

    async def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncIterator[Transcript]:
        """The same words for any recording."""
        await asyncio.sleep(STT_S)
        yield Transcript(HEARD, is_final=True)

    async def complete(self, request: LlmRequest, credential: Credential | None) -> AsyncIterator[LlmEvent]:
        """One short sentence."""
        await asyncio.sleep(LLM_S)
        yield TextDelta(ANSWER)
        yield LlmUsage(10, 3)

    async def synthesize(self, request: TtsRequest, credential: Credential | None) -> AsyncIterator[AudioChunk]:
        """A quarter of a second of sound."""
        await asyncio.sleep(TTS_S)
        yield AudioChunk(AUDIO, f"audio/pcm;rate={RATE}")


def registry() -> ProviderRegistry:
    """The fake vendor alone, with a model for each leg."""
    voices = (Voice(id="one", name="One", languages=("en",)),)
    models = tuple(
        ModelFacts(id=f"m-{leg}", modality=leg, rank=1, languages=("en",), voices=voices if leg is Modality.TTS else ())
        for leg in (Modality.STT, Modality.LLM, Modality.TTS)
    )
    vendor = FakeVendor()
    provider = Provider("acme", stt=vendor, llm=vendor, tts=vendor, needs_key=False)
    return ProviderRegistry({"acme": provider}, {"acme": VendorFacts(vendor="acme", name="acme", models=models)})


class DirectSTT(stt.STT[str]):
    """The same recognizer as a plugin."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: object, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        await asyncio.sleep(STT_S)
        said = stt.SpeechData(language=LanguageCode("en"), text=HEARD)
        return stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[said])


class DirectLLM(llm.LLM[str]):
    """The same model as a plugin."""

    def chat(self, *, chat_ctx: llm.ChatContext, tools: list[llm.Tool] | None = None, **options: object) -> "_Answer":
        """One short sentence."""
        return _Answer(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=DEFAULT_API_CONNECT_OPTIONS)


class _Answer(llm.LLMStream):
    async def _run(self) -> None:
        await asyncio.sleep(LLM_S)
        delta = llm.ChoiceDelta(role="assistant", content=ANSWER)
        self._event_ch.send_nowait(llm.ChatChunk(id="1", delta=delta))


class DirectTTS(tts.TTS[str]):
    """The same voice as a plugin."""

    def __init__(self) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=RATE, num_channels=1)

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> "_Voice":
        """A quarter of a second of sound."""
        return _Voice(tts=self, input_text=text, conn_options=conn_options)


class _Voice(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        await asyncio.sleep(TTS_S)
        output_emitter.initialize(request_id="1", sample_rate=RATE, num_channels=1, mime_type="audio/pcm")
        output_emitter.push(AUDIO)
        output_emitter.flush()


async def _serve(folder: Path) -> None:
    deps = build_deps(Settings(data_dir=folder, _env_file=None))
    first = await prepare(deps)
    assert first is not None, "the folder must be empty"
    app = create_app(replace(deps, providers=registry()))
    async with served(uvicorn.Config(app, log_level="critical", lifespan="on")) as url:
        print(json.dumps({"url": url, "key": first.live_key}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
