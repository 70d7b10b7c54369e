"""`/v1/audio/transcriptions`, `/v1/audio/speech` and `/v1/models` with OpenAI's own SDK (ONE-9)."""

from pathlib import Path
from typing import Any

import pytest

from speko_core.audio import decode, wav_bytes
from speko_core.deps import Deps
from speko_core.providers.base import AudioChunk, FailureKind, SttRequest, Transcript, TtsRequest, Word
from tests.core.audio_kit import RATE, tone
from tests.fakes.scripted_providers import HEARD, SPOKEN, cast, failure
from tests.gateway.compat_door import openai_client
from tests.gateway.oneshot_door import bare_deps, known_key
from tests.sdks import openai

__all__ = ["bare_deps"]

FILE = ("call.wav", wav_bytes(b"\x00\x01" * 16_000, 16_000))
OPTIONS = ("keywords", "words", "speakers")
SAID = (
    Word("Hello", 0.0, 0.4, None, "0"),
    Word("there.", 0.5, 0.9, None, "0"),
    Word("Who", 3660.0, 3660.2, None, "1"),
    Word("calls?", 3660.2, 3661.5, None, "1"),
)
TIMED = (Transcript("Hello there. Who calls?", True, 0.9, SAID, (), "en"),)
SRT = "1\n00:00:00,000 --> 00:00:00,900\nHello there.\n\n2\n01:01:00,000 --> 01:01:01,500\nWho calls?\n"
VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:00.900\nHello there.\n\n01:01:00.000 --> 01:01:01.500\nWho calls?\n"
TONE = (AudioChunk(tone(1.0), f"audio/pcm;rate={RATE}"),)


async def test_the_sdk_transcribes(bare_deps: Deps) -> None:
    """ONE-9: a language that nobody told is left to the provider, one that was told is not."""
    scripted = cast(acme=HEARD)
    async with openai_client(bare_deps, scripted) as client:
        answer = await client.audio.transcriptions.create(model="auto", file=FILE, prompt="Speko", keywords=["Ava"])
        await client.audio.transcriptions.create(model="auto", file=FILE, language="es")
    first, second = scripted.request("acme"), scripted.request("acme", 1)

    assert isinstance(first, SttRequest)
    assert isinstance(second, SttRequest)
    assert (answer.text, answer.usage) == (
        "hello world",
        openai.types.audio.transcription.UsageDuration(type="duration", seconds=1.0),
    )
    assert (first.language, first.prompt, first.keywords, second.language) == ("auto", "Speko", ("Ava",), "es")


async def test_every_form_of_a_transcript(bare_deps: Deps) -> None:
    """ONE-9, ONE-12: text, subtitles, segments and words, all out of the provider's timings."""
    # Segments hold no figures of a decoder that nobody told.
    async with openai_client(bare_deps, cast(OPTIONS, acme=TIMED), strict=False) as client:

        async def ask(form: str, **more: Any) -> Any:
            return await client.audio.transcriptions.create(model="auto", file=FILE, response_format=form, **more)  # type: ignore[call-overload]

        assert await ask("text") == "Hello there. Who calls?\n"
        assert await ask("srt") == SRT
        assert await ask("vtt") == VTT
        verbose = await ask("verbose_json", timestamp_granularities=["word", "segment"])
        voices = await ask("diarized_json")

    assert (verbose.language, verbose.duration) == ("en", 1.0)
    assert [(word.word, word.start, word.end) for word in verbose.words] == [
        (word.text, word.start_s, word.end_s) for word in SAID
    ]
    assert [segment.text for segment in verbose.segments] == ["Hello there.", "Who calls?"]
    assert [(segment.speaker, segment.text) for segment in voices.segments] == [
        ("0", "Hello there."),
        ("1", "Who calls?"),
    ]


async def test_what_was_honoured_in_part_is_said(bare_deps: Deps) -> None:
    """RTE-20: beside the text."""
    steps = (Transcript("hello", True, warnings=("Nearly.",)),)
    async with openai_client(bare_deps, cast(acme=steps)) as client:
        raw = await client.audio.transcriptions.with_raw_response.create(model="auto", file=FILE)

    assert raw.http_response.json()["warnings"] == ["Nearly."]


async def test_a_transcript_is_streamed_as_deltas_that_never_change(bare_deps: Deps) -> None:
    """ONE-9: together they are the text, so interims are not among them."""
    steps = (*HEARD, Transcript("again", True))
    async with openai_client(bare_deps, cast(acme=steps)) as client:
        stream = await client.audio.transcriptions.create(model="auto", file=FILE, stream=True)
        events: list[Any] = [event async for event in stream]

    assert [event.type for event in events] == [*["transcript.text.delta"] * 2, "transcript.text.done"]
    assert "".join(event.delta for event in events[:-1]) == events[-1].text == "hello world again"


async def test_what_a_transcription_cannot_have_is_refused(bare_deps: Deps) -> None:
    """RTE-20, ONE-1: timings where no model has them, formats that make no sense, recordings that are none."""
    async with openai_client(bare_deps, cast((), acme=HEARD)) as client:
        ask: Any = client.audio.transcriptions.create
        for fields, said in (
            ({"response_format": "srt"}, "words"),
            ({"response_format": "diarized_json"}, "speakers"),
            ({"response_format": "srt", "stream": True}, "stream"),
            ({"response_format": "html"}, "response_format"),
            ({"timestamp_granularities": ["word"]}, "verbose_json"),
            ({"language": "english"}, "language"),
            ({"file": ("a.wav", b"")}, "empty"),
            ({"file": ("a.wav", b"no audio at all")}, "audio"),
            ({"extra_body": {"intent": "no object"}}, "intent"),
        ):
            with pytest.raises(openai.BadRequestError, match=said):
                await ask(**{"model": "auto", "file": FILE, **fields})
        raw = await client.audio.transcriptions.with_raw_response.create(model="auto", file=FILE, temperature=0.4)
        malformed = await client._client.post(
            f"{client.base_url}audio/transcriptions",
            content=b"--x\r\nbroken",
            headers={"content-type": "multipart/form-data; boundary=x", "authorization": f"Bearer {client.api_key}"},
        )

    assert "temperature" in raw.headers["x-speko-ignored-options"]
    assert (malformed.status_code, malformed.json()["error"]["type"]) == (400, "invalid_request_error")


FORMATS = {"mp3": "audio/mpeg", "opus": "audio/ogg;codecs=opus", "wav": "audio/wav", "pcm": "audio/pcm;rate=24000"}


@pytest.mark.parametrize("form", FORMATS)
async def test_the_sdk_speaks_in_any_format(bare_deps: Deps, form: Any, tmp_path: Path) -> None:
    """ONE-9, ONE-10: whatever the provider speaks in."""
    said: Any = {"model": "auto", "voice": "auto", "input": "Hello", "response_format": form}
    async with (
        openai_client(bare_deps, cast(acme=TONE)) as client,
        client.audio.speech.with_streaming_response.create(**said) as answer,
    ):
        content_type = answer.headers["content-type"]
        await answer.stream_to_file(tmp_path / "speech")
    heard = decode((tmp_path / "speech").read_bytes(), content_type)

    assert content_type == FORMATS[form]
    assert heard.duration_s == pytest.approx(1.0, abs=0.05)


async def test_speech_asks_for_what_the_request_says(bare_deps: Deps) -> None:
    """ONE-9: MP3 unless another format is asked for."""
    scripted = cast(voices=("alloy",), acme=TONE)
    async with openai_client(bare_deps, scripted) as client:
        answer = await client.audio.speech.create(
            model="auto", voice={"id": "alloy"}, input="Hello", speed=1.5, instructions="Calm."
        )
    request = scripted.request("acme")

    assert isinstance(request, TtsRequest)
    assert answer.response.headers["content-type"] == "audio/mpeg"
    assert (request.text, request.voice, request.speed, request.instructions) == ("Hello", "alloy", 1.5, "Calm.")


async def test_speech_that_cannot_be_had_is_refused(bare_deps: Deps) -> None:
    """RTE-20"""
    scripted = cast(voices=("alloy",), acme=TONE)
    async with openai_client(bare_deps, scripted) as client:
        for fields, said in (
            ({"response_format": "flac"}, "flac"),
            ({"response_format": "aac"}, "aac"),
            ({"voice": "nova"}, "voice"),
            ({"speed": 4}, "speed"),
            ({"input": ""}, "text"),
        ):
            given: Any = {"model": "auto", "voice": "alloy", "input": "Hello", **fields}
            with pytest.raises(openai.BadRequestError, match=said):
                await client.audio.speech.create(**given)

    assert scripted.scripts["acme"].requests == []


async def test_speech_comes_in_events_where_that_is_asked_for(bare_deps: Deps) -> None:
    """ONE-9: and an end that is none is an error event; a plain body is cut."""
    broken = cast(acme=(*SPOKEN, failure(FailureKind.NETWORK)))
    said: Any = {"model": "auto", "voice": "auto", "input": "Hello", "response_format": "pcm"}
    async with openai_client(bare_deps, cast(acme=SPOKEN)) as client:
        whole = await client.audio.speech.create(**said, stream_format="sse")
    async with openai_client(bare_deps, broken) as client:
        ended = await client.audio.speech.create(**said, stream_format="sse")
        with pytest.raises(openai.APIConnectionError):
            await client.audio.speech.create(**said)

    assert (
        whole.text == 'data: {"type":"speech.audio.delta","audio":"AQIDBA=="}\n\ndata: {"type":"speech.audio.done"}\n\n'
    )
    assert '"type":"server_error"' in ended.text.split("\n\n")[-2]


async def test_models_are_listed_and_found(bare_deps: Deps) -> None:
    """ONE-9: `auto` first; ids as `allowedProviders` takes them, or with a slash."""
    async with openai_client(bare_deps, cast(acme=HEARD)) as client:
        listed = [model async for model in client.models.list()]
        one = await client.models.retrieve("acme/m-acme")
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("gpt-9")

    assert [(model.id, model.owned_by) for model in listed] == [("auto", "speko"), *[("acme:m-acme", "acme")] * 3]
    assert (one.id, one.object) == ("acme:m-acme", "model")


async def test_a_test_key_sees_offline_models_only(bare_deps: Deps) -> None:
    """RTE-17: what it can name is what will answer."""
    async with openai_client(bare_deps, cast(acme=HEARD), known_key(bare_deps, "test")) as client:
        assert [model.id async for model in client.models.list()] == ["auto"]
