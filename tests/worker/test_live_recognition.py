"""`SpekoSTT` with `streaming`: words while somebody speaks, over a real gateway's socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from livekit import rtc
from livekit.agents import APIConnectOptions, APIStatusError, stt

from speko_core.deps import Deps
from speko_core.providers.base import FailureKind, ProviderError
from speko_worker.plugins import Intent, SpekoClient, SpekoSTT
from speko_worker.plugins.intent import Constraints
from speko_worker.plugins.legs import Leg, LegName
from tests.gateway.listen_kit import LOUD, TENTH, Recognizer, gateway, registry
from tests.gateway.oneshot_door import bare_deps, known_key
from tests.worker.conftest import until

__all__ = ["bare_deps"]

ENGLISH = Intent("en")
ONCE, TWICE = (APIConnectOptions(max_retry=retries, retry_interval=0.3) for retries in (0, 1))
FRAME = rtc.AudioFrame(LOUD, sample_rate=16_000, num_channels=1, samples_per_channel=TENTH // 2)


def hearing(deps: Deps, **recognizers: Recognizer) -> Deps:
    return replace(deps, providers=registry(**recognizers))


def speko(url: str, deps: Deps, key: str | None = None) -> SpekoClient:
    base = url.removesuffix("/v1/transcribe/stream").replace("ws", "http", 1)
    return SpekoClient(base, key or known_key(deps))


class Heard:
    """Collects what a stream says."""

    def __init__(self, stream: stt.RecognizeStream) -> None:
        self.events: list[stt.SpeechEvent] = []
        self._task = asyncio.create_task(self._collect(stream))

    async def _collect(self, stream: stt.RecognizeStream) -> None:
        async for event in stream:
            self.events.append(event)

    @property
    def said(self) -> list[tuple[str, bool]]:
        final = stt.SpeechEventType.FINAL_TRANSCRIPT
        return [(event.alternatives[0].text, event.type == final) for event in self.events]

    async def end(self) -> None:
        async with asyncio.timeout(10):
            await self._task


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[SpekoClient], SpekoClient]]:
    clients: list[SpekoClient] = []

    def _open(client: SpekoClient) -> SpekoClient:
        clients.append(client)
        return client

    yield _open
    for client in clients:
        await client.aclose()


Open = Callable[[SpekoClient], SpekoClient]


async def test_words_come_while_somebody_speaks_and_are_final_at_a_flush(bare_deps: Deps, opened: Open) -> None:
    """SES-3, ONE-8: interims, a final at the end of an utterance, another at the end of the stream; who heard."""
    deps, legs = hearing(bare_deps, acme=Recognizer()), list[tuple[LegName, Leg]]()
    async with gateway(deps) as url:
        recognizer = SpekoSTT(opened(speko(url, deps)), ENGLISH, streaming=True, on_leg=lambda *leg: legs.append(leg))
        assert (recognizer.capabilities.streaming, recognizer.capabilities.interim_results) == (True, True)
        stream = recognizer.stream(conn_options=ONCE)
        heard = Heard(stream)
        stream.push_frame(FRAME)
        await until(lambda: heard.said == [("1 tenths", False)])
        stream.push_frame(FRAME)
        stream.flush()
        await until(lambda: ("2 tenths", True) in heard.said)
        stream.push_frame(FRAME)
        stream.end_input()
        await heard.end()
    assert heard.said[-1] == ("3 tenths.", True)
    assert heard.events[0].alternatives[0].language == "en"
    assert {(name, leg.provider, leg.model) for name, leg in legs} == {("stt", "acme", "m-acme")}
    assert legs[0][1].first_ms is not None


async def test_a_connection_that_breaks_is_made_again_with_what_was_said(bare_deps: Deps, opened: Open) -> None:
    """SES-3: the words since the last final ones are not lost."""
    down = ProviderError(FailureKind.NETWORK, "gone")
    recognizer = Recognizer(fails=(2, down))
    deps = hearing(bare_deps, acme=recognizer)
    async with gateway(deps) as url:
        stream = SpekoSTT(opened(speko(url, deps)), ENGLISH, streaming=True).stream(conn_options=TWICE)
        heard = Heard(stream)
        stream.push_frame(FRAME)
        await until(lambda: ("1 tenths", False) in heard.said)
        stream.push_frame(FRAME)
        await until(lambda: ("2 tenths", False) in heard.said)
        stream.push_frame(FRAME)
        await until(recognizer.closed.is_set)
        recognizer.fails = None
        await until(lambda: ("3 tenths", False) in heard.said)
        stream.end_input()
        await heard.end()
    assert heard.said[-1] == ("3 tenths.", True)
    assert len(recognizer.requests) == 2


async def test_settings_change_in_the_middle_of_a_conversation(bare_deps: Deps, opened: Open) -> None:
    """SES-3: what a running stream hears next is heard with the new keywords."""
    recognizer = Recognizer()
    deps = hearing(bare_deps, acme=recognizer)
    async with gateway(deps) as url:
        plugin = SpekoSTT(opened(speko(url, deps)), ENGLISH, streaming=True, keywords=("Ava",))
        stream = plugin.stream(conn_options=ONCE)
        heard = Heard(stream)
        stream.push_frame(FRAME)
        await until(lambda: bool(heard.said))
        plugin.retune(ENGLISH, Constraints(), ("Bo",))
        await until(lambda: len(recognizer.requests) == 2)
        stream.end_input()
        await heard.end()
    assert [request.keywords for request in recognizer.requests] == [("Ava",), ("Bo",)]


async def test_a_refused_key_is_the_gateways_status(bare_deps: Deps, opened: Open) -> None:
    """SES-3: not repeated, and in the framework's words."""
    deps = hearing(bare_deps, acme=Recognizer())
    failures: list[Exception] = []
    async with gateway(deps) as url:
        plugin = SpekoSTT(opened(speko(url, deps, "sk_live_wrong")), ENGLISH, streaming=True)
        plugin.on("error", lambda event: failures.append(event.error))
        stream = plugin.stream(conn_options=TWICE)
        with pytest.raises(APIStatusError, match="UNAUTHORIZED"):
            await anext(stream)
    assert len(failures) == 1
