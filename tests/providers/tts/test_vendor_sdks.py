"""The fake voices are proven by the vendors' own SDKs: what they accept and how they read the answers."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable
from importlib import import_module
from typing import Any

import httpx
import pytest
from cartesia import AsyncCartesia, AuthenticationError
from deepgram import AsyncDeepgramClient
from deepgram.core.api_error import ApiError as DeepgramError
from deepgram.environment import DeepgramClientEnvironment

from speko_core.audio import decode
from tests.fakes.vendors.alibaba_tts import FakeDashScope
from tests.fakes.vendors.behaviour import refusing
from tests.fakes.vendors.cartesia_tts import VOICES, FakeCartesiaTts
from tests.fakes.vendors.deepgram_tts import FakeDeepgramTts
from tests.fakes.vendors.elevenlabs_tts import FakeElevenLabsTts
from tests.fakes.vendors.openai_tts import FakeOpenAiTts, FakeSelfHostedTts
from tests.fakes.vendors.speech import SECONDS, spoken
from tests.sdks import elevenlabs, elevenlabs_core, openai

# Deepgram's SDK 7.17 imports names that websockets is about to drop.
pytestmark = [
    pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]


@pytest.fixture
async def wire() -> AsyncIterator[httpx.AsyncClient]:
    """A client of ours for SDKs that would never close theirs."""
    async with httpx.AsyncClient(timeout=10) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_keys_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_AUTH_TOKEN", "_BASE_URL"))]:
        monkeypatch.delenv(name)


async def test_elevenlabs(wire: httpx.AsyncClient) -> None:
    """RTE-16: streamed PCM, a whole MP3, and the error a wrong key gives."""
    async with FakeElevenLabsTts().serving() as fake:
        client = elevenlabs.AsyncElevenLabs(api_key=fake.key, base_url=fake.url, httpx_client=wire)
        voice, model = fake.voices[0], "eleven_flash_v2_5"
        stream = client.text_to_speech.stream(
            voice, text="Hello", model_id=model, language_code="en", output_format="pcm_24000"
        )
        assert b"".join([chunk async for chunk in stream]) == spoken()
        whole = b"".join([chunk async for chunk in client.text_to_speech.convert(voice, text="Hello", model_id=model)])
        assert abs(decode(whole, "audio/mpeg").duration_s - SECONDS) < 0.06
        wrong = elevenlabs.AsyncElevenLabs(api_key="wrong", base_url=fake.url, httpx_client=wire)
        with pytest.raises(elevenlabs_core.ApiError) as caught:
            [chunk async for chunk in wrong.text_to_speech.stream(voice, text="Hello")]
    assert caught.value.status_code == 401


async def test_cartesia() -> None:
    """RTE-16"""
    wanted: Any = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000}
    async with FakeCartesiaTts().serving() as fake:
        async with AsyncCartesia(api_key=fake.key, base_url=fake.url, max_retries=0) as client:
            answer = await client.tts.generate(
                model_id="sonic-3.5", transcript="Hello", voice=VOICES[0], output_format=wanted, language="en"
            )
            assert await answer.read() == spoken()
        async with AsyncCartesia(api_key="wrong", base_url=fake.url, max_retries=0) as client:
            with pytest.raises(AuthenticationError):
                await client.tts.generate(
                    model_id="sonic-3.5", transcript="Hello", voice={"id": VOICES[0]}, output_format=wanted
                )


@pytest.mark.parametrize("make", [FakeOpenAiTts, FakeSelfHostedTts], ids=["openai", "compatible"])
async def test_openai(make: Callable[[], FakeOpenAiTts]) -> None:
    """RTE-16: with OpenAI itself and with a server at home."""
    async with (
        make().serving() as fake,
        openai.AsyncOpenAI(api_key=fake.key, base_url=fake.base_url, max_retries=0) as client,
    ):
        model = "kokoro" if isinstance(fake, FakeSelfHostedTts) else "gpt-4o-mini-tts"
        speech = client.audio.speech.with_streaming_response
        async with speech.create(model=model, voice="nova", input="Hi", response_format="pcm") as answer:
            assert b"".join([chunk async for chunk in answer.iter_bytes()]) == spoken()
        fake.then(refusing(429, retry_after="1"))
        with pytest.raises(openai.RateLimitError):
            await client.audio.speech.create(model=model, voice="nova", input="Hi")


async def test_deepgram(wire: httpx.AsyncClient) -> None:
    """RTE-16"""
    async with FakeDeepgramTts().serving() as fake:
        there = DeepgramClientEnvironment(
            base=fake.url, production=fake.websocket_url, agent=fake.websocket_url, agent_rest=fake.url
        )
        speak = AsyncDeepgramClient(api_key=fake.key, environment=there, httpx_client=wire).speak.v1.audio
        audio = speak.generate(
            text="Hello", model="aura-2-thalia-en", encoding="linear16", container="none", sample_rate=24_000
        )
        assert b"".join([chunk async for chunk in audio]) == spoken()
        wav = b"".join([chunk async for chunk in speak.generate(text="Hello", encoding="linear16")])
        assert decode(wav, "audio/wav").duration_s == SECONDS
        with pytest.raises(DeepgramError) as caught:
            [chunk async for chunk in speak.generate(text="x" * 2_001)]
    assert caught.value.status_code == 413


async def test_dashscope() -> None:
    """RTE-16: the event stream, the whole answer, and the code of a wrong key."""
    async with FakeDashScope().serving() as fake:
        await asyncio.to_thread(_ask_dashscope, fake)


def _ask_dashscope(fake: FakeDashScope) -> None:
    # It keeps its address in a module variable, and imports half of its vendor's services.
    dashscope: Any = import_module("dashscope")
    dashscope.base_http_api_url = f"{fake.url}/api/v1"
    call = dashscope.MultiModalConversation.call
    common = {"model": "qwen3-tts-flash", "text": "Hello", "voice": "Cherry"}
    frames = list(call(api_key=fake.key, stream=True, language_type="English", **common))
    assert b"".join(base64.b64decode(frame.output.audio.data) for frame in frames) == spoken()
    assert frames[-1].output.finish_reason == "stop"
    assert call(api_key=fake.key, **common).output.audio.url.endswith(".wav")
    assert call(api_key="wrong", **common).code == "InvalidApiKey"
