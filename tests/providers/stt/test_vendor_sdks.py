"""The fakes are proven by the vendors' own SDKs: what they accept and how they read the answers."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import assemblyai
import cartesia
import deepgram
import httpx
import pytest
from assemblyai.streaming import v3
from assemblyai.sync.v1 import SyncTranscriber
from deepgram.core.api_error import ApiError as DeepgramError
from deepgram.environment import DeepgramClientEnvironment

from tests.fakes.vendors.assemblyai_stt import FakeAssemblyAiJobs, FakeAssemblyAiStreaming, FakeAssemblyAiSync
from tests.fakes.vendors.base import FakeVendor
from tests.fakes.vendors.behaviour import refusing
from tests.fakes.vendors.cartesia_stt import FakeCartesiaStt
from tests.fakes.vendors.certificate import make_certificate
from tests.fakes.vendors.deepgram_stt import FakeDeepgramStt
from tests.fakes.vendors.elevenlabs_stt import FakeElevenLabsStt
from tests.fakes.vendors.openai_stt import FakeGroqStt, FakeOpenAiStt
from tests.fakes.vendors.recordings import HEARD
from tests.providers.stt.recognizers import PCM, WAV
from tests.sdks import elevenlabs, elevenlabs_core, elevenlabs_realtime, groq, openai

R = TypeVar("R")
FILE = ("audio.wav", WAV, "audio/wav")


# deepgram-sdk 7.17 names what websockets has deprecated, assemblyai 1.8 what pydantic has.
pytestmark = [
    pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]


@pytest.fixture(autouse=True)
def _no_keys_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_AUTH_TOKEN", "_BASE_URL"))]:
        monkeypatch.delenv(name)


@pytest.fixture
async def wire() -> AsyncIterator[httpx.AsyncClient]:
    """Connections of an SDK that does not close its own."""
    async with httpx.AsyncClient(timeout=10) as client:
        yield client


async def in_thread(call: Callable[[], R]) -> R:
    """SDKs that block, beside the fake's loop."""
    async with asyncio.timeout(20):
        return await asyncio.to_thread(call)


@pytest.fixture
async def deepgram_fake() -> AsyncIterator[FakeVendor]:
    async with FakeDeepgramStt().serving() as fake:
        yield fake


def deepgram_client(fake: FakeVendor, wire: httpx.AsyncClient, key: str = "") -> deepgram.AsyncDeepgramClient:
    where = DeepgramClientEnvironment(
        base=fake.url, production=fake.websocket_url, agent=fake.websocket_url, agent_rest=fake.url
    )
    return deepgram.AsyncDeepgramClient(api_key=key or fake.key, environment=where, httpx_client=wire)


async def test_deepgrams_sdk_transcribes_a_recording(deepgram_fake: FakeVendor, wire: httpx.AsyncClient) -> None:
    """RTE-16"""
    answer: Any = await deepgram_client(deepgram_fake, wire).listen.v1.media.transcribe_file(
        request=WAV, model="nova-3", smart_format=True, keyterm=["Speko", "Ava"]
    )
    best = answer.results.channels[0].alternatives[0]

    assert (best.transcript, best.confidence, len(best.words)) == (HEARD, 0.99, 3)
    assert best.words[0].punctuated_word == "Hello"
    assert answer.metadata.duration == 1.5


async def test_deepgrams_sdk_reads_a_refusal(deepgram_fake: FakeVendor, wire: httpx.AsyncClient) -> None:
    """RTE-16"""
    client = deepgram_client(deepgram_fake, wire, "wrong")
    with pytest.raises(DeepgramError) as caught:
        await client.listen.v1.media.transcribe_file(request=WAV, model="nova-3")

    assert caught.value.status_code == 401
    assert caught.value.body["err_code"] == "INVALID_AUTH"


async def test_deepgrams_sdk_follows_the_turns_of_flux(deepgram_fake: FakeVendor, wire: httpx.AsyncClient) -> None:
    """RTE-16"""
    client = deepgram_client(deepgram_fake, wire)
    turns = []
    async with (
        asyncio.timeout(10),
        client.listen.v2.connect(model="flux-general-en", encoding="linear16", sample_rate="16000") as socket,
    ):
        await socket.send_media(PCM)
        await socket.send_close_stream()
        async for message in socket:
            if message.type == "TurnInfo":
                turns.append((message.event, message.transcript))

    assert turns[-1] == ("EndOfTurn", HEARD)
    assert deepgram_fake.seen[0].body == PCM


async def test_deepgrams_sdk_listens_live_to_nova(deepgram_fake: FakeVendor, wire: httpx.AsyncClient) -> None:
    """ONE-8, RTE-16"""
    heard = []
    async with (
        asyncio.timeout(10),
        deepgram_client(deepgram_fake, wire).listen.v1.connect(
            model="nova-3", encoding="linear16", sample_rate="16000", interim_results="true"
        ) as socket,
    ):
        await socket.send_media(PCM)
        await socket.send_keep_alive()
        await socket.send_finalize()
        await socket.send_close_stream()
        async for message in socket:
            if message.type == "Results":
                heard.append((message.is_final, message.channel.alternatives[0].transcript))

    assert heard[-1] == (True, HEARD)
    assert [final for final, _ in heard] == [False, False, True]
    assert deepgram_fake.seen[0].body == PCM


@pytest.mark.filterwarnings(r"ignore:connect\(\) must be used:DeprecationWarning")
async def test_assemblyais_sdk_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ONE-8, RTE-16: version 3; its client speaks TLS only."""
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    async with FakeAssemblyAiStreaming().serving(certificate.files) as fake:
        turns: list[tuple[bool, bool, str]] = []

        def converse() -> None:
            options = v3.StreamingClientOptions(api_key=fake.key, api_host=fake.url.removeprefix("https://"))
            client = v3.StreamingClient(options)
            client.on(
                v3.StreamingEvents.Turn,
                lambda _, turn: turns.append((turn.end_of_turn, turn.turn_is_formatted, turn.transcript)),
            )
            asked: Any = {"sample_rate": 16_000, "speech_model": "universal-3-6-pro", "format_turns": True}
            client.connect(v3.StreamingParameters(**asked))
            client.stream(PCM)
            client.disconnect(terminate=True)

        await in_thread(converse)

    assert turns[-1] == (True, True, HEARD)
    assert [ended for ended, _, _ in turns] == [False, False, True, True]
    assert fake.seen[0].body == PCM


async def test_assemblyais_sdk_transcribes_at_once() -> None:
    """RTE-16"""
    async with FakeAssemblyAiSync().serving() as fake, AsyncExitStack() as closing:
        settings = assemblyai.Settings(api_key=fake.key, sync_base_url=fake.url)
        client = assemblyai.Client(settings=settings)
        closing.callback(client.http_client.close)
        config = assemblyai.types.SyncTranscriptionConfig(timestamps=True, keyterms_prompt=["Speko"])
        answer = await in_thread(lambda: SyncTranscriber(client=client).transcribe(WAV, config))
        fake.always = refusing(503, "Capacity Exceeded", retry_after="1")
        with pytest.raises(assemblyai.types.SyncTranscriptError) as caught:
            await in_thread(lambda: SyncTranscriber(client=client).transcribe(WAV, config))

    assert (answer.text, answer.words[0].start, answer.confidence) == (HEARD, 100, 0.95)
    assert (caught.value.status_code, caught.value.error_code) == (503, "capacity_exceeded")


async def test_assemblyais_sdk_uploads_and_polls() -> None:
    """RTE-16"""
    async with FakeAssemblyAiJobs().serving() as fake, AsyncExitStack() as closing:
        settings = assemblyai.Settings(api_key=fake.key, base_url=fake.url, polling_interval=0.1)
        client = assemblyai.Client(settings=settings)
        closing.callback(client.http_client.close)
        config = assemblyai.TranscriptionConfig(speech_models=["universal-2"], language_code="en")
        transcriber = assemblyai.Transcriber(client=client, config=config)
        answer = await in_thread(lambda: transcriber.transcribe(BytesIO(WAV)))

    assert (answer.text, answer.words[0].end) == (HEARD, 400)
    assert [seen.path for seen in fake.seen][:2] == ["/v2/upload", "/v2/transcript"]


async def test_openais_sdk_transcribes_and_streams() -> None:
    """RTE-16"""
    async with (
        FakeOpenAiStt().serving() as fake,
        openai.AsyncOpenAI(api_key=fake.key, base_url=f"{fake.url}/v1", max_retries=0) as client,
    ):
        whole = await client.audio.transcriptions.create(file=FILE, model="gpt-transcribe", keywords=["Speko"])
        timed = await client.audio.transcriptions.create(
            file=FILE, model="whisper-1", response_format="verbose_json", timestamp_granularities=["word"]
        )
        stream = await client.audio.transcriptions.create(file=FILE, model="gpt-4o-transcribe", stream=True)
        events = [event async for event in stream]
        with pytest.raises(openai.BadRequestError) as caught:
            await client.audio.transcriptions.create(file=FILE, model="nothing")

    assert (whole.text, [word.word for word in timed.words or ()][0]) == (HEARD, "Hello")
    assert [event.type for event in events] == ["transcript.text.delta"] * 3 + ["transcript.text.done"]
    assert caught.value.code == "model_not_found"


async def test_groqs_sdk_transcribes() -> None:
    """RTE-16"""
    async with (
        FakeGroqStt().serving() as fake,
        groq.AsyncGroq(api_key=fake.key, base_url=fake.url, max_retries=0) as client,
    ):
        answer = await client.audio.transcriptions.create(
            file=FILE, model="whisper-large-v3-turbo", response_format="verbose_json", timestamp_granularities=["word"]
        )
        fake.always = refusing(429, retry_after="3")
        with pytest.raises(groq.RateLimitError) as caught:
            await client.audio.transcriptions.create(file=FILE, model="whisper-large-v3-turbo")

    assert answer.text == HEARD
    assert caught.value.response.headers["retry-after"] == "3"


async def test_elevenlabs_sdk_converts(wire: httpx.AsyncClient) -> None:
    """RTE-16"""
    async with FakeElevenLabsStt().serving() as fake:
        client = elevenlabs.AsyncElevenLabs(api_key=fake.key, base_url=fake.url, httpx_client=wire)
        answer: Any = await client.speech_to_text.convert(model_id="scribe_v2", file=FILE, keyterms=["Speko"])
        wrong = elevenlabs.AsyncElevenLabs(api_key="wrong", base_url=fake.url, httpx_client=wire)
        with pytest.raises(elevenlabs_core.ApiError) as caught:
            await wrong.speech_to_text.convert(model_id="scribe_v2", file=FILE)

    assert (answer.text, answer.words[1].type, answer.words[0].logprob) == (HEARD, "spacing", -0.05)
    assert (caught.value.status_code, caught.value.body["detail"]["status"]) == (401, "invalid_api_key")


async def test_elevenlabs_sdk_converses_in_real_time() -> None:
    """RTE-16"""
    async with FakeElevenLabsStt().serving() as fake:
        client = elevenlabs.ElevenLabs(api_key=fake.key, base_url=fake.url)
        options: Any = {
            "model_id": "scribe_v2_realtime",
            "audio_format": elevenlabs_realtime.AudioFormat.PCM_16000,
            "commit_strategy": elevenlabs_realtime.CommitStrategy.MANUAL,
        }
        heard: list[tuple[str, str]] = []
        async with asyncio.timeout(10):
            connection: Any = await client.speech_to_text.realtime.connect({**options, "sample_rate": 16_000})
            done = asyncio.Event()
            connection.on("partial_transcript", lambda told: heard.append(("partial", told["text"])))
            connection.on("committed_transcript", lambda told: (heard.append(("final", told["text"])), done.set()))
            await connection.send({"audio_base_64": base64.b64encode(PCM).decode()})
            await connection.commit()
            await done.wait()
            await connection.close()

    assert heard[-1] == ("final", HEARD)
    assert fake.seen[0].body == PCM


async def test_cartesias_sdk_transcribes() -> None:
    """RTE-16"""
    async with (
        FakeCartesiaStt().serving() as fake,
        cartesia.AsyncCartesia(api_key=fake.key, base_url=fake.url, max_retries=0) as client,
    ):
        answer = await client.stt.transcribe(
            file=FILE, model="ink-whisper", language="en", timestamp_granularities=["word"]
        )
        fake.always = refusing(402)
        with pytest.raises(cartesia.APIStatusError) as caught:
            await client.stt.transcribe(file=FILE, model="ink-whisper")

    assert (answer.text, [word.word for word in answer.words or ()][0]) == (HEARD, "Hello")
    assert caught.value.status_code == 402


async def test_cartesias_sdk_finalizes_by_hand() -> None:
    """RTE-16: commands are bare words."""
    async with (
        FakeCartesiaStt().serving() as fake,
        cartesia.AsyncCartesia(
            api_key=fake.key, base_url=fake.url, websocket_base_url=fake.websocket_url, max_retries=0
        ) as client,
    ):
        finals, kinds = [], []
        async with (
            asyncio.timeout(10),
            client.stt.manual_finalize.websocket(model="ink-2", encoding="pcm_s16le", sample_rate=16_000) as socket,
        ):
            await socket.send_raw(PCM)
            await socket.send_raw("finalize")
            await socket.send_raw("close")
            async for message in socket:
                kinds.append(message.type)
                if message.type == "transcript" and message.is_final:
                    finals.append(message.text)

    assert "".join(finals) == HEARD
    assert kinds[-1] == "done"
