"""`POST /v1/synthesize` over the REST door with scripted providers."""

import httpx
import pytest

from speko_core.deps import Deps
from speko_core.oneshot.synthesize import default_voice
from speko_core.providers.base import AudioChunk, FailureKind, Modality, TtsRequest
from speko_core.providers.catalog import ModelFacts, Voice
from tests.fakes.scripted_providers import SPOKEN, cast, failure
from tests.gateway.oneshot_door import bare_deps, door

__all__ = ["bare_deps"]

SAY = {"text": "Hello there.", "intent": {"language": "en-US"}}


async def post(client: httpx.AsyncClient, **change: object) -> httpx.Response:
    return await client.post("/v1/synthesize", json={**SAY, **change})


async def test_the_answer_is_the_audio_and_its_format_is_mirrored(bare_deps: Deps) -> None:
    """ONE-3, ONE-5"""
    async with door(bare_deps, cast(acme=SPOKEN)) as client:
        answer = await post(client)
    assert answer.content == b"\x01\x02\x03\x04"
    assert answer.headers["content-type"] == "audio/pcm;rate=24000"
    assert answer.headers["x-speko-audio-format"] == "audio/pcm;rate=24000"
    assert answer.headers["x-speko-provider"] == "acme"
    assert answer.headers["x-speko-model"] == "m-acme"
    assert answer.headers["x-speko-failover-count"] == "0"
    assert answer.headers["x-speko-scores-run-id"].startswith("scores_")


async def test_the_provider_gets_voice_speed_and_instructions(bare_deps: Deps) -> None:
    """ONE-3"""
    scripted = cast(voices=("eve",), acme=SPOKEN)
    async with door(bare_deps, scripted) as client:
        answer = await post(client, voice="eve", speed=1.25, instructions="Warm.", constraints=None)
    assert answer.status_code == 200
    assert scripted.request("acme") == TtsRequest("m-acme", "en-US", "Hello there.", "eve", 1.25, "Warm.")


async def test_a_null_voice_and_a_neutral_speed_ask_for_nothing(bare_deps: Deps) -> None:
    """RTE-20: the guide sends both; a model without a speed option can serve them."""
    scripted = cast(options=(), acme=SPOKEN)
    async with door(bare_deps, scripted) as client:
        answer = await post(client, voice=None, speed=1, instructions="Warm.")
    assert answer.status_code == 200
    assert scripted.request("acme") == TtsRequest("m-acme", "en-US", "Hello there.")


@pytest.mark.parametrize(
    ("language", "voice"), [("en-US", "ana"), ("en", "ana"), ("es-MX", "luz"), ("es-AR", "mar"), ("es", "mar")]
)
def test_the_default_voice_speaks_the_language(language: str, voice: str) -> None:
    """ONE-3: a sane default for the language, not the model's favourite in another one."""
    voices = (
        Voice(id="mar", name="Mar", languages=("es-ES",)),
        Voice(id="luz", name="Luz", languages=("es-MX",)),
        Voice(id="bob", name="Bob", languages=("en-US",)),
        Voice(id="ana", name="Ana", languages=("en-US",)),
    )
    facts = ModelFacts(id="m", modality=Modality.TTS, voices=voices, default_voice="ana")
    assert default_voice(facts, language) == voice


async def test_the_model_goes_to_the_primary_candidate_only(bare_deps: Deps) -> None:
    """ONE-3: a model meant for one vendor is not sent to another."""
    scripted = cast(first=(failure(FailureKind.NETWORK),), second=SPOKEN)
    async with door(bare_deps, scripted) as client:
        answer = await post(client, model="special")
    first, second = scripted.request("first"), scripted.request("second")
    assert isinstance(first, TtsRequest)
    assert isinstance(second, TtsRequest)
    assert (first.model, second.model) == ("special", "m-second")
    assert answer.headers["x-speko-model"] == "m-second"


async def test_the_answer_names_the_model_that_was_asked_for(bare_deps: Deps) -> None:
    """ONE-3"""
    async with door(bare_deps, cast(first=SPOKEN)) as client:
        answer = await post(client, model="special")
    assert answer.headers["x-speko-model"] == "special"


async def test_a_model_of_another_ranked_candidate_makes_that_one_the_primary(bare_deps: Deps) -> None:
    """ONE-3: the name says whose it is."""
    scripted = cast(first=SPOKEN, second=SPOKEN)
    async with door(bare_deps, scripted) as client:
        answer = await post(client, model="m-second")
    assert answer.headers["x-speko-provider"] == "second"
    assert scripted.scripts["first"].requests == []


async def test_an_offline_voice_stands_in_and_says_what_it_left_out(bare_deps: Deps) -> None:
    """RTE-20: never in silence."""
    scripted = cast(options=(), sandbox=True, local=SPOKEN)
    async with door(bare_deps, scripted, mode="test") as client:
        answer = await post(client, voice="someone", speed=1.5, model="sonic")
    assert answer.headers["x-speko-ignored-options"] == "speed,voice,model"
    assert scripted.request("local") == TtsRequest("m-local", "en-US", "Hello there.")


@pytest.mark.parametrize(("option", "text"), [({"voice": "nobody"}, "voice"), ({"speed": 1.5}, "speed")])
async def test_an_option_nobody_can_honour_is_refused(bare_deps: Deps, option: dict[str, object], text: str) -> None:
    """RTE-20"""
    async with door(bare_deps, cast(options=(), acme=SPOKEN)) as client:
        answer = await post(client, **option)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert text in answer.json()["error"]
    assert "acme:m-acme" in answer.json()["error"]


async def test_a_format_that_changes_before_anything_was_sent_is_an_error(bare_deps: Deps) -> None:
    """ONE-6: no decoder survives it."""
    steps = (AudioChunk(b"\x01\x02", "audio/pcm;rate=24000"), AudioChunk(b"ID3", "audio/mpeg"))
    async with door(bare_deps, cast(acme=steps)) as client:
        answer = await client.post("/v1/synthesize", json=SAY)
    assert (answer.status_code, answer.json()["code"]) == (500, "SYNTHESIZE_FAILED")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "   "}, "text"),
        ({"text": "x" * 50_001}, "text"),
        ({"speed": 0.4}, "speed"),
        ({"speed": 2.1}, "speed"),
        ({"spokenForm": True}, "spokenForm"),
        ({"model": "x\r\nX-Evil: 1"}, "model"),
        ({"voice": "x" * 201}, "voice"),
        ({"intent": None}, "intent"),
    ],
)
async def test_bad_input_is_400_and_names_the_field(bare_deps: Deps, change: dict[str, object], field: str) -> None:
    """ONE-3"""
    async with door(bare_deps, cast(acme=SPOKEN)) as client:
        answer = await post(client, **change)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert [problem["field"] for problem in answer.json()["fields"]] == [field]


async def test_fifty_thousand_characters_are_spoken(bare_deps: Deps) -> None:
    """ONE-3"""
    async with door(bare_deps, cast(acme=SPOKEN)) as client:
        assert (await post(client, text="x" * 50_000)).status_code == 200
