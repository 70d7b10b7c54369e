"""`POST /v1/transcribe` over the REST door with scripted providers."""

import httpx
import orjson
import pytest

from speko_core.audio import wav_bytes
from speko_core.deps import Deps
from speko_core.providers.base import SttRequest, Transcript
from tests.fakes.scripted_providers import HEARD, cast
from tests.gateway.oneshot_door import JSON, bare_deps, door, events

__all__ = ["bare_deps"]

PCM = b"\x00\x01" * 1600
WAV = wav_bytes(PCM, 16_000)
INTENT = {"x-speko-intent": '{"language":"en-US"}'}


async def post(client: httpx.AsyncClient, body: bytes = WAV, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/v1/transcribe", content=body, headers={**INTENT, **given})


async def test_the_answer_is_an_event_stream_byte_for_byte(bare_deps: Deps) -> None:
    """ONE-1: `isFinal` is never null and `confidence` only there when known, but always in `done`."""
    async with door(bare_deps, cast(acme=HEARD)) as client:
        answer = await post(client)
    run = answer.headers["x-speko-scores-run-id"].encode()
    expected = (
        b'event: meta\ndata: {"provider":"acme","model":"m-acme","failoverCount":0,"scoresRunId":"%b"}\n\n'
        b'event: transcript\ndata: {"text":"hello","isFinal":false}\n\n'
        b'event: transcript\ndata: {"text":"hello world","isFinal":true,"confidence":0.9}\n\n'
        b'event: done\ndata: {"text":"hello world","provider":"acme","model":"m-acme","failoverCount":0,'
        b'"scoresRunId":"%b","confidence":0.9}\n\n'
    ) % (run, run)
    assert answer.content == expected


async def test_finals_are_joined_and_an_unknown_confidence_is_null(bare_deps: Deps) -> None:
    """ONE-2"""
    heard = (Transcript("one two", is_final=True, confidence=0.5), Transcript(" three ", is_final=True))
    async with door(bare_deps, cast(acme=heard)) as client:
        answer = await post(client, **JSON)
    assert answer.json() == {
        "text": "one two three",
        "provider": "acme",
        "model": "m-acme",
        "confidence": None,
        "failoverCount": 0,
        "scoresRunId": answer.headers["x-speko-scores-run-id"],
    }


async def test_the_provider_gets_the_bytes_and_the_decoded_samples(bare_deps: Deps) -> None:
    """ONE-1: keywords, prompt and the stream's language are the caller's; routing keeps the intent's language."""
    scripted = cast(acme=HEARD)
    options = '{"keywords":["Ava Martinez"],"language":"multi","prompt":"names"}'
    async with door(bare_deps, scripted) as client:
        answer = await post(client, x_speko_stt_options=options, x_session_id=" s_1 ", Content_Type="audio/wav")
    assert answer.status_code == 200
    assert scripted.request("acme") == SttRequest(
        model="m-acme",
        language="multi",
        body=WAV,
        content_type="audio/wav",
        pcm=PCM,
        sample_rate=16_000,
        keywords=("Ava Martinez",),
        prompt="names",
    )


async def test_raw_pcm_needs_only_its_rate(bare_deps: Deps) -> None:
    """ONE-1"""
    scripted = cast(acme=HEARD)
    async with door(bare_deps, scripted) as client:
        await post(client, PCM, Content_Type="audio/pcm;rate=8000")
    request = scripted.request("acme")
    assert isinstance(request, SttRequest)
    assert (request.pcm, request.sample_rate) == (PCM, 8000)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
async def test_header_json_is_read_as_utf_8_or_latin_1(bare_deps: Deps, encoding: str) -> None:
    """ONE-1: browsers send JSON headers unescaped."""
    scripted = cast(acme=HEARD)
    raw = orjson.dumps({"keywords": ["Zoë"]}).decode().encode(encoding)
    async with door(bare_deps, scripted) as client:
        headers = [(b"X-Speko-Intent", b'{"language":"en"}'), (b"X-SPEKO-STT-OPTIONS", raw)]
        answer = await client.post("/v1/transcribe", content=WAV, headers=headers)
    assert answer.status_code == 200
    request = scripted.request("acme")
    assert isinstance(request, SttRequest)
    assert request.keywords == ("Zoë",)


@pytest.mark.parametrize("body", [b"", b"this is no audio at all, in any format"])
async def test_an_empty_or_undecodable_body_is_invalid_audio(bare_deps: Deps, body: bytes) -> None:
    """ONE-1"""
    scripted = cast(acme=HEARD)
    async with door(bare_deps, scripted) as client:
        answer = await post(client, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_AUDIO")
    assert scripted.scripts["acme"].requests == []


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"x-speko-intent": ""}, None),
        ({"x-speko-intent": "{"}, None),
        ({"x-speko-intent": "{}"}, "x-speko-intent.language"),
        ({"x-speko-intent": '{"language":"EN"}'}, "x-speko-intent.language"),
        ({"x-speko-intent": '{"language":"en","region":"us"}'}, "x-speko-intent.region"),
        ({"x-speko-constraints": "[]"}, "x-speko-constraints"),
        ({"x-speko-constraints": '{"allowedProviders":{"stt":[1]}}'}, "x-speko-constraints.allowedProviders.stt.0"),
        ({"x-speko-stt-options": '{"keywords":"x"}'}, "x-speko-stt-options.keywords"),
    ],
)
async def test_a_wrong_header_is_400_and_named(bare_deps: Deps, headers: dict[str, str], field: str | None) -> None:
    """ORG-10"""
    async with door(bare_deps, cast(acme=HEARD)) as client:
        answer = await client.post("/v1/transcribe", content=WAV, headers={**INTENT, **headers})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert "x-speko" in answer.json()["error"]
    assert [problem["field"] for problem in answer.json().get("fields", [])] == ([field] if field else [])


async def test_an_oversize_recording_is_refused_before_it_is_read(bare_deps: Deps) -> None:
    """ORG-10"""
    sent: list[bytes] = []

    async def endless() -> object:
        while True:
            sent.append(b"x" * 65_536)
            yield sent[-1]

    limit = bare_deps.settings.max_body_bytes
    async with door(bare_deps, cast(acme=HEARD)) as client:
        declared = await post(client, b"x", Content_Length=str(limit + 1))
        streamed = await client.post("/v1/transcribe", content=endless(), headers=INTENT)  # type: ignore[arg-type]
    assert (declared.status_code, declared.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert (streamed.status_code, streamed.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert sum(map(len, sent)) <= limit + 65_536


async def test_events_read_back_as_the_clients_do(bare_deps: Deps) -> None:
    """ONE-1"""
    async with door(bare_deps, cast(acme=HEARD)) as client:
        answer = await post(client)
    assert [name for name, _ in events(answer.content)] == ["meta", "transcript", "transcript", "done"]
