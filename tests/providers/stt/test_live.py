"""Every recognizer that hears live, against its vendor's fake socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from speko_core.providers.assemblyai_stt import AssemblyAiStt
from speko_core.providers.base import (
    Credential,
    FailureKind,
    LiveSttAdapter,
    Modality,
    ProviderError,
    SttRequest,
    Transcript,
)
from speko_core.providers.cartesia_stt import CartesiaStt
from speko_core.providers.catalog import load_catalog
from speko_core.providers.deepgram_stt import DeepgramStt
from speko_core.providers.elevenlabs_realtime import LiveScribeDialect
from speko_core.providers.elevenlabs_stt import ElevenLabsStt
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from tests.fakes.vendors.assemblyai_stt import FakeAssemblyAiStreaming
from tests.fakes.vendors.base import PROMPTLY_S, FakeVendor
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.fakes.vendors.cartesia_stt import FakeCartesiaStt
from tests.fakes.vendors.deepgram_stt import FakeDeepgramStt
from tests.fakes.vendors.elevenlabs_stt import FakeElevenLabsStt
from tests.fakes.vendors.recordings import HEARD
from tests.providers.stt.recognizers import Make

REQUEST = SttRequest("", "en-US", b"", "", b"", 16_000)
SECOND = (bytes(3_200),) * 10
LIVE: dict[str, tuple[type[FakeVendor], Make]] = {
    "assemblyai:universal-3-6-pro": (FakeAssemblyAiStreaming, AssemblyAiStt),
    "cartesia:ink-2": (FakeCartesiaStt, CartesiaStt),
    "deepgram:flux": (FakeDeepgramStt, DeepgramStt),
    "deepgram:nova-3": (FakeDeepgramStt, DeepgramStt),
    "elevenlabs:scribe_v2_realtime": (FakeElevenLabsStt, ElevenLabsStt),
}
each_live = pytest.mark.parametrize("name", LIVE)


@dataclass(frozen=True)
class Line:
    """A recognizer connected to its running fake."""

    model: str
    fake: FakeVendor
    adapter: LiveSttAdapter

    def listen(self, *pieces: bytes, request: SttRequest = REQUEST) -> AsyncIterator[Transcript]:
        """Hear these pieces, then the end."""
        credential = Credential(self.fake.key, "MANAGED", self.fake.url)
        return self.adapter.listen(replace(request, model=self.model), _said(*pieces), credential)

    async def hear(self, *pieces: bytes, request: SttRequest = REQUEST) -> list[Transcript]:
        """Everything it yields."""
        return [found async for found in self.listen(*pieces, request=request)]


async def _said(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@asynccontextmanager
async def line(name: str) -> AsyncIterator[Line]:
    vendor, _, model = name.partition(":")
    fake_type, make = LIVE[name]
    http, sockets = VendorHttp(), VendorSockets()
    async with fake_type().serving() as fake:
        adapter = make(http, sockets, load_catalog()[vendor])
        assert isinstance(adapter, LiveSttAdapter)
        try:
            yield Line(model, fake, adapter)
        finally:
            await http.aclose()


@each_live
async def test_a_conversation_is_heard(name: str) -> None:
    """ONE-8, RTE-16: interims, the final text, and every byte at the vendor, a last short piece too."""
    # Scribe's fake takes the first commit for the last; see below.
    wish = () if "scribe" in name else (b"",)
    async with line(name) as here:
        heard = await here.hear(*SECOND, *wish, *SECOND, bytes(320))

    assert " ".join(found.text.strip() for found in heard if found.is_final) == HEARD
    assert any(not found.is_final for found in heard)
    assert len(here.fake.seen[-1].body) >= 2 * 32_000 + 320


@each_live
async def test_hearing_nothing_is_no_failure(name: str) -> None:
    """ONE-8: a quiet line; whether somebody spoke is not the adapter's to say."""
    async with line(name) as here:
        here.fake.always = Behaviour(Trouble.EMPTY)
        heard = await here.hear(*SECOND)

    assert [found for found in heard if found.is_final and found.text.strip()] == []


@each_live
async def test_trouble_has_its_kind(name: str) -> None:
    """RTE-9: refused, malformed, cut."""
    async with line(name) as here:
        kinds = []
        for trouble in (refusing(401), refusing(429), Behaviour(Trouble.MALFORMED), Behaviour(Trouble.CUT)):
            here.fake.always = trouble
            with pytest.raises(ProviderError) as caught:
                await here.hear(*SECOND)
            kinds.append(caught.value.kind)
            assert "secret" not in str(caught.value)

    assert kinds == [FailureKind.AUTH, FailureKind.RATE, FailureKind.UPSTREAM, FailureKind.UPSTREAM]


@each_live
async def test_leaving_closes_the_socket_at_once(name: str) -> None:
    """ONE-7: seen at the vendor."""
    async with line(name) as here:
        here.fake.always = Behaviour(Trouble.STALL)
        async with aclosing(here.listen(*SECOND)) as found:  # type: ignore[type-var]  # adapters are generators
            await anext(found)
            left = asyncio.get_running_loop().time()
        assert await here.fake.until_hung_up() - left < PROMPTLY_S


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deepgram:nova-3", {"language": "en-US", "keyterm": "Ava", "interim_results": "true", "diarize": "true"}),
        (
            "assemblyai:universal-3-6-pro",
            {"language_codes": '["en"]', "keyterms_prompt": '["Ava"]', "format_turns": "true"},
        ),
        ("elevenlabs:scribe_v2_realtime", {"language_code": "en", "commit_strategy": "vad", "keyterms": "Ava"}),
        ("cartesia:ink-2", {"language": "en", "keyterm": "Ava"}),
    ],
)
async def test_vendors_are_asked_in_their_words(name: str, expected: dict[str, str]) -> None:
    """ONE-8, RTE-20"""
    async with line(name) as here:
        await here.hear(*SECOND, request=replace(REQUEST, keywords=("Ava",), speakers=True))

    assert expected.items() <= dict(here.fake.seen[-1].query).items()


def test_scribe_commits_many_times_and_only_the_farewells_is_the_last() -> None:
    """ONE-8: padded with silence where little was said since, because a commit on nothing is refused."""
    dialect = LiveScribeDialect("https://x", {}, REQUEST)
    committed = '{"message_type":"committed_transcript","text":"Hi."}'
    dialect.pack(bytes(32_000))

    assert len(dialect.flush()) == 1
    assert [(heard[0].text, last) for heard, last in [dialect.read(committed)]] == [("Hi.", False)]
    assert len(dialect.farewell()) == 2
    assert dialect.read(committed)[1]
    assert dialect.read('{"message_type":"insufficient_audio_activity"}') == ((), True)


def test_the_catalogue_knows_who_hears_live() -> None:
    """ONE-8: as data, so that the router may prefer them."""
    known = {
        f"{vendor}:{model.id}"
        for vendor, facts in load_catalog().items()
        for model in facts.models
        if model.modality is Modality.STT and "live" in model.options
    }
    assert known == {*LIVE, "deepgram:nova-3-general", "deepgram:nova-2"}
