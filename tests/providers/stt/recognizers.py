"""Every recognizer with its fake: one row a way of asking a vendor."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

from speko_core.audio import wav_bytes
from speko_core.providers.assemblyai_stt import AssemblyAiStt
from speko_core.providers.base import Credential, ProviderError, SttAdapter, SttRequest, Transcript
from speko_core.providers.cartesia_stt import CartesiaStt
from speko_core.providers.catalog import VendorFacts, load_catalog
from speko_core.providers.compatible import TRANSCRIPTIONS as COMPATIBLE
from speko_core.providers.deepgram_stt import DeepgramStt
from speko_core.providers.elevenlabs_stt import ElevenLabsStt
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.transcriptions import TranscriptionDialect, Transcriptions
from speko_core.providers.groq import TRANSCRIPTIONS as GROQ
from speko_core.providers.openai import TRANSCRIPTIONS as OPENAI
from tests.fakes.vendors.assemblyai_stt import FakeAssemblyAiJobs, FakeAssemblyAiSync
from tests.fakes.vendors.base import FakeVendor
from tests.fakes.vendors.behaviour import WELL
from tests.fakes.vendors.cartesia_stt import FakeCartesiaStt
from tests.fakes.vendors.deepgram_stt import FakeDeepgramStt
from tests.fakes.vendors.elevenlabs_stt import FakeElevenLabsStt
from tests.fakes.vendors.openai_stt import FakeGroqStt, FakeOpenAiStt, FakeWhisperServer

PCM = bytes(32_000)
WAV = wav_bytes(PCM, 16_000)

Make = Callable[[VendorHttp, VendorSockets, VendorFacts], SttAdapter]


@dataclass(frozen=True)
class Recognizer:
    """A model of a vendor, asked over one wire. `before` good answers come before the one that matters."""

    name: str
    fake: type[FakeVendor]
    make: Make
    model: str
    socket: bool = False
    streams: bool = False
    before: int = 0
    path: str = ""


def _on(dialect: TranscriptionDialect) -> Make:
    return lambda http, sockets, facts: Transcriptions(http, facts, dialect)


SYNC, JOBS, REALTIME = "universal-3-5-pro", "universal-2", "scribe_v2_realtime"
V1, GROQ_V1 = "/v1", "/openai/v1"
RECOGNIZERS = (
    Recognizer("deepgram", FakeDeepgramStt, DeepgramStt, "nova-3"),
    Recognizer("deepgram-flux", FakeDeepgramStt, DeepgramStt, "flux", socket=True, streams=True),
    Recognizer("assemblyai", FakeAssemblyAiSync, AssemblyAiStt, SYNC),
    Recognizer("assemblyai-upload", FakeAssemblyAiJobs, AssemblyAiStt, JOBS),
    Recognizer("assemblyai-poll", FakeAssemblyAiJobs, AssemblyAiStt, JOBS, before=2),
    Recognizer("openai", FakeOpenAiStt, _on(OPENAI), "gpt-transcribe", streams=True, path=V1),
    Recognizer("openai-whisper", FakeOpenAiStt, _on(OPENAI), "whisper-1", path=V1),
    Recognizer("groq", FakeGroqStt, _on(GROQ), "whisper-large-v3-turbo", path=GROQ_V1),
    Recognizer("compatible", FakeWhisperServer, _on(COMPATIBLE), "my-whisper", path=V1),
    Recognizer("elevenlabs", FakeElevenLabsStt, ElevenLabsStt, "scribe_v2"),
    Recognizer("elevenlabs-realtime", FakeElevenLabsStt, ElevenLabsStt, REALTIME, socket=True, streams=True),
    Recognizer("cartesia", FakeCartesiaStt, CartesiaStt, "ink-whisper"),
    Recognizer("cartesia-ink", FakeCartesiaStt, CartesiaStt, "ink-2", socket=True, streams=True),
)
REQUEST = SttRequest("", "en-US", WAV, "audio/wav", PCM, 16_000)


def recognizer(name: str) -> Recognizer:
    """One row by name."""
    return next(row for row in RECOGNIZERS if row.name == name)


@dataclass(frozen=True)
class Bench:
    """A recognizer connected to its running fake."""

    row: Recognizer
    fake: FakeVendor
    adapter: SttAdapter

    @property
    def credential(self) -> Credential:
        """The key the fake takes, and where it is."""
        return Credential(self.fake.key, "MANAGED", self.fake.url + self.row.path)

    def listen(self, request: SttRequest = REQUEST, credential: Credential | None = None) -> AsyncIterator[Transcript]:
        """Start a recognition."""
        return self.adapter.transcribe(replace(request, model=self.row.model), credential or self.credential)

    async def hear(self, request: SttRequest = REQUEST) -> list[Transcript]:
        """Everything it yields."""
        self.fake.then(*[WELL] * self.row.before)
        return [transcript async for transcript in self.listen(request)]

    async def fail(self, request: SttRequest = REQUEST) -> tuple[list[Transcript], ProviderError]:
        """What it yields until it fails, and how it fails."""
        self.fake.then(*[WELL] * self.row.before)
        heard: list[Transcript] = []
        try:
            async with aclosing(self.listen(request)) as found:  # type: ignore[type-var]  # adapters are generators
                async for transcript in found:
                    heard.append(transcript)
        except ProviderError as error:
            return heard, error
        raise AssertionError(f"{self.row.name} did not fail")


@asynccontextmanager
async def bench(name: str) -> AsyncIterator[Bench]:
    """A recognizer and its fake, under the limits of the product."""
    row = recognizer(name)
    http, sockets = VendorHttp(), VendorSockets()
    facts = load_catalog()[row.fake.vendor]
    async with row.fake().serving() as fake:
        try:
            yield Bench(row, fake, row.make(http, sockets, facts))
        finally:
            await http.aclose()
