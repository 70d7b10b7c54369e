"""What every voice sends, and what it makes of an answer in another format."""

import pytest

from speko_core.providers.base import FailureKind
from speko_core.providers.catalog import load_catalog
from speko_core.types import JsonObject
from tests.fakes.vendors.openai_tts import FakeSelfHostedTts
from tests.fakes.vendors.speech import rendered, spoken
from tests.providers.tts.stage import VOICES, Voice, every_voice, named, on_stage, saying

PCM = "audio/pcm;rate=24000"
ASKED: dict[str, JsonObject] = {
    "elevenlabs": {
        "text": "Hi.",
        "model_id": "eleven_flash_v2_5",
        "language_code": "en",
        "voice_settings": {"speed": 1.1},
    },
    "cartesia": {
        "model_id": "sonic-3.5",
        "transcript": "Hi.",
        "voice": {"mode": "id", "id": "f786b574-daa5-4673-aa0c-cbe3e8534c02"},
        "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000},
        "language": "en",
        "generation_config": {"speed": 1.1},
    },
    "openai": {
        "model": "gpt-4o-mini-tts",
        "input": "Hi.",
        "voice": "marin",
        "response_format": "pcm",
        "speed": 1.1,
        "instructions": "Warm.",
    },
    "alibaba": {"model": "qwen3-tts-flash", "input": {"text": "Hi.", "voice": "Cherry", "language_type": "English"}},
    "inworld": {
        "text": "Hi.",
        "voiceId": "Ashley",
        "modelId": "inworld-tts-2",
        "language": "en-US",
        "audioConfig": {"audioEncoding": "PCM", "sampleRateHertz": 24_000, "speakingRate": 1.1},
    },
    "deepgram": {"text": "Hi."},
    "compatible": {
        "model": "kokoro",
        "input": "Hi.",
        "voice": "af_heart",
        "response_format": "pcm",
        "speed": 1.1,
        "instructions": "Warm.",
    },
}


@every_voice
async def test_the_answer_is_pcm_whatever_the_vendor_wraps_it_in(voice: Voice) -> None:
    """ONE-3: whole samples, no header, told as what they are."""
    async with on_stage(voice) as stage:
        chunks = await stage.speak(saying())
    assert stage.audio == spoken()
    assert {chunk.content_type for chunk in chunks} == {PCM}
    assert all(len(chunk.data) % 2 == 0 for chunk in chunks)


@pytest.mark.parametrize("vendor", ASKED)
async def test_what_is_asked_for_is_sent(vendor: str) -> None:
    """RTE-20: speed, voice, language and style in the vendor's own words."""
    model = "eleven_flash_v2_5" if vendor == "elevenlabs" else ""
    async with on_stage(named(vendor)) as stage:
        await stage.speak(saying("Hi.", model=model, speed=1.1, instructions="Warm."))
    assert stage.fake.seen[0].json == ASKED[vendor]


@every_voice
async def test_what_is_not_asked_for_is_not_sent(voice: Voice) -> None:
    """RTE-20: a null is a value to many vendors."""
    async with on_stage(voice) as stage:
        await stage.speak(saying())
    seen = stage.fake.seen[0]
    assert b"null" not in seen.body
    assert b"speed" not in seen.body
    assert not any(name == "speed" for name, _ in seen.query)


async def test_deepgrams_voice_is_its_model() -> None:
    """RTE-20: and a model that names a voice outright goes as it is."""
    async with on_stage(named("deepgram")) as stage:
        await stage.speak(saying(voice="aura-2-celeste-es", speed=0.8))
        await stage.speak(saying(model="aura-2-zeus-en"))
    first, second = (dict(seen.query) for seen in stage.fake.seen)
    assert (first["model"], first["speed"]) == ("aura-2-celeste-es", "0.8")
    assert second["model"] == "aura-2-zeus-en"


@pytest.mark.parametrize(
    ("tag", "sent"),
    [("en-US", "en"), ("es", "es-MX"), ("es-ES", "es-ES"), ("es-AR", "es-MX"), ("pt-PT", "pt-PT"), ("sv", "auto")],
)
async def test_xai_gets_a_language_it_lists(tag: str, sent: str) -> None:
    """RTE-20: others are left for it to find out."""
    async with on_stage(named("xai")) as stage:
        await stage.speak(saying(language=tag))
    assert stage.fake.seen[0].json["language"] == sent


async def test_elevenlabs_gets_no_language_where_the_model_refuses_one() -> None:
    """RTE-9: it would be a 400 for every call."""
    async with on_stage(named("elevenlabs")) as stage:
        await stage.speak(saying(model="eleven_multilingual_v2"))
    assert "language_code" not in stage.fake.seen[0].json


@pytest.mark.parametrize("voice_id", ["../../v1/user", "a b", "x?y=1", "é"])
async def test_a_voice_id_cannot_change_the_path(voice_id: str) -> None:
    """RTE-9: it is the caller's text in our URL."""
    async with on_stage(named("elevenlabs")) as stage:
        error = await stage.failure(saying(voice=voice_id))
    assert error.kind is FailureKind.INVALID
    assert stage.fake.seen == []


@every_voice
async def test_a_long_text_is_one_stream_in_one_voice(voice: Voice) -> None:
    """ONE-3: up to 50,000 characters, in passages the vendor takes."""
    text = "This is a sentence of some length, with a clause. " * 1_000
    async with on_stage(voice) as stage:
        chunks = await stage.speak(saying(text[:50_000]))
    parts = len(stage.fake.seen)
    assert parts >= -(-50_000 // voice.longest)
    assert stage.audio == spoken() * parts
    assert {chunk.content_type for chunk in chunks} == {PCM}
    assert all(len(seen.body) < voice.longest + 1_000 for seen in stage.fake.seen)
    assert len({(seen.path, tuple(seen.query)) for seen in stage.fake.seen}) == 1


@pytest.mark.parametrize(("container", "content_type"), [("wav", PCM), ("mp3", "audio/mpeg"), ("pcm", PCM)])
async def test_a_server_that_answers_in_another_format_is_taken_at_its_word(container: str, content_type: str) -> None:
    """ONE-3: many servers ignore `response_format`."""
    async with on_stage(named("compatible")) as stage:
        assert isinstance(stage.fake, FakeSelfHostedTts)
        stage.fake.container = container
        chunks = await stage.speak(saying())
    assert {chunk.content_type for chunk in chunks} == {content_type}
    assert stage.audio == (spoken() if content_type == PCM else rendered("mp3")[0])


async def test_a_declared_server_needs_no_key() -> None:
    """RTE-16"""
    async with on_stage(named("compatible")) as stage:
        chunks = [chunk async for chunk in stage.adapter.synthesize(saying(model="kokoro", voice="x"), None)]
    assert b"".join(chunk.data for chunk in chunks) == spoken()
    assert "authorization" not in stage.fake.seen[0].headers


@pytest.mark.parametrize("voice", [voice for voice in VOICES if voice.vendor != "compatible"], ids=lambda v: v.vendor)
def test_every_catalogued_model_has_a_price_with_its_source_and_a_default_voice(voice: Voice) -> None:
    """RTE-16"""
    models = [model for model in load_catalog()[voice.vendor].models if model.modality == "tts"]
    assert sum(model.default for model in models) == 1
    for model in models:
        assert model.default_voice
        assert all(price.source.startswith("https://") and price.micro_usd for price in model.prices)
        assert len(model.prices) == 1
        assert ("speed" in model.options) == (model.speeds is not None)
