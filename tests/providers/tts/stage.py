"""Every voice on stage with its fake vendor."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from speko_core.providers.alibaba import build_alibaba
from speko_core.providers.base import AudioChunk, Credential, Provider, ProviderError, TtsAdapter, TtsRequest
from speko_core.providers.cartesia import build_cartesia
from speko_core.providers.compatible import build_compatible
from speko_core.providers.deepgram import build_deepgram
from speko_core.providers.elevenlabs import build_elevenlabs
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.inworld import build_inworld
from speko_core.providers.openai import build_openai
from speko_core.providers.xai import build_xai
from speko_core.settings import Settings
from tests.fakes.vendors.alibaba_tts import FakeDashScope
from tests.fakes.vendors.base import FakeVendor
from tests.fakes.vendors.cartesia_tts import FakeCartesiaTts
from tests.fakes.vendors.deepgram_tts import FakeDeepgramTts
from tests.fakes.vendors.elevenlabs_tts import FakeElevenLabsTts
from tests.fakes.vendors.inworld_tts import FakeInworld
from tests.fakes.vendors.openai_tts import FakeOpenAiTts, FakeSelfHostedTts
from tests.fakes.vendors.xai_tts import FakeXaiTts

Build = Callable[[Settings, VendorHttp], Provider]


@dataclass(frozen=True)
class Voice:
    """A vendor: its adapter, its fake, a model and a voice of it, and what an answer's bytes cannot show."""

    vendor: str
    build: Build
    fake: type[FakeVendor]
    model: str
    voice: str
    framed: bool = False  # the answer has a frame around the audio, so that it can be malformed
    marked: bool = False  # the answer has an end mark
    path: str = ""
    longest: int = 5_000


def _with_sockets(build: Callable[[Settings, VendorHttp, VendorSockets], Provider]) -> Build:
    return lambda settings, http: build(settings, http, VendorSockets())


VOICES = [
    Voice(
        "elevenlabs",
        _with_sockets(build_elevenlabs),
        FakeElevenLabsTts,
        "eleven_multilingual_v2",
        "hpp4J3VqNfWAUOO0d1Us",
        longest=10_000,
    ),
    Voice(
        "cartesia",
        _with_sockets(build_cartesia),
        FakeCartesiaTts,
        "sonic-3.5",
        "f786b574-daa5-4673-aa0c-cbe3e8534c02",
    ),
    Voice("openai", _with_sockets(build_openai), FakeOpenAiTts, "gpt-4o-mini-tts", "marin", path="/v1", longest=4_096),
    Voice("xai", _with_sockets(build_xai), FakeXaiTts, "grok-tts", "eve", path="/v1", longest=15_000),
    Voice("alibaba", build_alibaba, FakeDashScope, "qwen3-tts-flash", "Cherry", framed=True, marked=True, longest=600),
    Voice("inworld", _with_sockets(build_inworld), FakeInworld, "inworld-tts-2", "Ashley", framed=True, longest=2_000),
    Voice("deepgram", _with_sockets(build_deepgram), FakeDeepgramTts, "aura-2", "aura-2-thalia-en", longest=2_000),
    Voice("compatible", build_compatible, FakeSelfHostedTts, "kokoro", "af_heart", path="/v1", longest=4_096),
]
every_voice = pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.vendor)


def named(vendor: str) -> Voice:
    """One of `VOICES`."""
    return next(voice for voice in VOICES if voice.vendor == vendor)


@dataclass
class Stage:
    """One adapter calling its fake."""

    voice: Voice
    fake: FakeVendor
    adapter: TtsAdapter
    heard: list[AudioChunk] = field(default_factory=list)
    key: str = ""

    def chunks(self, request: TtsRequest) -> AsyncIterator[AudioChunk]:
        """The adapter's answer as it comes."""
        credential = Credential(self.key or self.fake.key, "MANAGED", self.fake.url + self.voice.path)
        return self.adapter.synthesize(
            replace(request, model=request.model or self.voice.model, voice=request.voice or self.voice.voice),
            credential,
        )

    async def speak(self, request: TtsRequest) -> list[AudioChunk]:
        """The whole answer; what came before a failure stays in `heard`."""
        self.heard = []
        async with aclosing(self.chunks(request)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                self.heard.append(chunk)
        return self.heard

    async def failure(self, request: TtsRequest) -> ProviderError:
        """The failure in which the answer ends."""
        with pytest.raises(ProviderError) as caught:
            await self.speak(request)
        return caught.value

    @property
    def audio(self) -> bytes:
        """What was heard."""
        return b"".join(chunk.data for chunk in self.heard)


@asynccontextmanager
async def on_stage(voice: Voice) -> AsyncIterator[Stage]:
    """Serve the fake and build the adapter as the product does."""
    http = VendorHttp()
    async with voice.fake().serving() as fake:
        settings = Settings(
            compatible_tts_url=f"{fake.url}/v1", compatible_tts_models="kokoro", compatible_llm_url="", _env_file=None
        )
        adapter = voice.build(settings, http).tts
        assert adapter is not None
        try:
            yield Stage(voice, fake, adapter)
        finally:
            await http.aclose()


def saying(text: str = "Hello there.", **changes: object) -> TtsRequest:
    """A short request."""
    return replace(TtsRequest("", "en-US", text), **changes)  # type: ignore[arg-type]
