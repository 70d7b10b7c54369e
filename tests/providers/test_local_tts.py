"""Offline speech: every engine speaks, voices and speed are honoured, failures are clear."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from speko_core.providers.base import AudioChunk, FailureKind, ProviderError, TtsRequest
from speko_core.providers.catalog import load_catalog
from speko_core.providers.local.engines import SpeechEngines, find_engines
from speko_core.providers.local.tts import OUTPUT_RATE, LocalTts

FOUND = find_engines()
WHEEL = find_engines(search_path="")
ENGINES = {
    "flite": ("flite", FOUND),
    "espeak": ("espeak", find_engines(wheel=False)),
    "wheel": ("espeak", WHEEL),
}
VOICES = [(model.id, voice.id) for model in load_catalog()["local"].models for voice in model.voices]


def _tts(name: str) -> tuple[str, LocalTts]:
    model, engines = ENGINES[name]
    tts = LocalTts(engines, load_catalog()["local"])
    if model not in tts.available_models():
        pytest.skip(f"{name} is not installed")
    return model, tts


async def _speak(tts: LocalTts, request: TtsRequest) -> list[AudioChunk]:
    return [chunk async for chunk in tts.synthesize(request, None)]


def _seconds(chunks: list[AudioChunk]) -> float:
    return sum(len(chunk.data) for chunk in chunks) / 2 / OUTPUT_RATE


@pytest.mark.parametrize("engine", ENGINES)
async def test_each_engine_speaks_in_small_chunks_of_one_format(engine: str) -> None:
    """RTE-17: real speech on the CPU, 24 kHz mono."""
    model, tts = _tts(engine)

    chunks = await _speak(tts, TtsRequest(model, "en-US", "Hello there. How can I help you today?"))

    assert {chunk.content_type for chunk in chunks} == {"audio/pcm;rate=24000"}
    assert len(chunks) > 3
    assert 1.5 < _seconds(chunks) < 5
    assert len(b"".join(chunk.data for chunk in chunks)) % 2 == 0


@pytest.mark.parametrize("engine", ENGINES)
async def test_speed_is_honoured(engine: str) -> None:
    """RTE-20: twice the speed is about half the time."""
    model, tts = _tts(engine)
    text = "This is a sentence of a dozen words that takes some time."

    slow, fast = [_seconds(await _speak(tts, TtsRequest(model, "en-US", text, speed=s))) for s in (0.8, 1.6)]

    assert 0.4 < fast / slow < 0.65


@pytest.mark.parametrize(("model", "voice"), VOICES)
async def test_every_catalogued_voice_speaks(model: str, voice: str) -> None:
    """RTE-20: the catalogue promises no voice the engine does not have."""
    tts = LocalTts(FOUND, load_catalog()["local"])
    if model not in tts.available_models():
        pytest.skip(f"{model} is not installed")
    facts = next(facts for facts in load_catalog()["local"].models if facts.id == model)
    language = next(entry.languages[0] for entry in facts.voices if entry.id == voice)

    assert _seconds(await _speak(tts, TtsRequest(model, language, "taxi", voice=voice))) > 0.2


@pytest.mark.parametrize("voice", ["en-us+f2", "en", "fr", "es-419", "ta"])
async def test_the_wheel_has_the_same_voices(voice: str) -> None:
    """RTE-20: what the system's program can say, the wheel says too."""
    model, tts = _tts("wheel")
    facts = next(facts for facts in load_catalog()["local"].models if facts.id == model)
    language = next(entry.languages[0] for entry in facts.voices if entry.id == voice)

    assert _seconds(await _speak(tts, TtsRequest(model, language, "taxi", voice=voice))) > 0.2


async def test_the_language_chooses_the_voice() -> None:
    """RTE-1: a Spanish request is not read by an English voice."""
    model, tts = _tts("espeak")

    by_language, by_voice, english = [
        _seconds(await _speak(tts, TtsRequest(model, language, "buenos días", voice=voice)))
        for language, voice in (("es-ES", None), ("es-ES", "es"), ("en-US", None))
    ]

    assert by_language == pytest.approx(by_voice, abs=0.01)
    assert by_language != pytest.approx(english, abs=0.05)


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (TtsRequest("espeak", "en-US", "hello", voice="alloy"), FailureKind.INVALID),
        (TtsRequest("tts-9", "en-US", "hello"), FailureKind.INVALID),
        (TtsRequest("flite", "es-ES", "hola"), FailureKind.INVALID),
        (TtsRequest("espeak", "en-US", " \n?! "), FailureKind.EMPTY),
    ],
)
async def test_what_cannot_be_spoken_is_refused(request_: TtsRequest, kind: FailureKind) -> None:
    """RTE-20, ONE-11: nothing is dropped in silence, and silence is a failure."""
    tts = LocalTts(SpeechEngines(("flite",), WHEEL.espeak), load_catalog()["local"])

    with pytest.raises(ProviderError) as failure:
        await _speak(tts, request_)

    assert failure.value.kind is kind


@pytest.mark.parametrize("model", ["flite", "espeak"])
async def test_a_missing_engine_names_the_command_that_fixes_it(model: str) -> None:
    """RTE-17: never a silent tone."""
    tts = LocalTts(find_engines(search_path="", wheel=False), load_catalog()["local"])

    with pytest.raises(ProviderError, match="apt-get install"):
        await _speak(tts, TtsRequest(model, "en-US", "hello"))


@pytest.mark.parametrize("model", ["flite", "espeak"])
@pytest.mark.parametrize("command", [("/nonexistent",), (sys.executable, "-c", "import sys; sys.exit(1)")])
async def test_a_broken_engine_is_a_provider_failure(model: str, command: tuple[str, ...]) -> None:
    """ONE-6: the failover loop can go on."""
    tts = LocalTts(SpeechEngines(command, command), load_catalog()["local"])

    with pytest.raises(ProviderError) as failure:
        await _speak(tts, TtsRequest(model, "en-US", "hello"))

    assert failure.value.fails_over


async def test_text_never_becomes_an_option_or_an_argument() -> None:
    """RTE-17: arguments are visible to every user of the machine, and a text may begin with a dash."""
    model, tts = _tts("espeak")

    assert _seconds(await _speak(tts, TtsRequest(model, "en-US", "--voices"))) > 0.2


@pytest.mark.parametrize("engine", ENGINES)
async def test_closing_early_ends_the_process(engine: str) -> None:
    """ONE-7: barge-in stops the synthesis."""
    model, tts = _tts(engine)
    # Products that tests of this process share keep running.
    before = _children()
    stream = tts.synthesize(TtsRequest(model, "en-US", "This is a long text. " * 200), None)
    assert isinstance(stream, AsyncGenerator)

    await anext(stream)
    await asyncio.wait_for(stream.aclose(), 5)

    assert _children() == before


async def test_many_callers_speak_at_once() -> None:
    """RTE-17: one voice of the library at a time, but any number of calls."""
    model, tts = _tts("wheel")
    requests = [TtsRequest(model, "en-US", "Number nine. " * n) for n in range(1, 5)]

    alone = [await _speak(tts, request) for request in requests]
    together = await asyncio.gather(*(_speak(tts, request) for request in requests))

    assert [_seconds(chunks) for chunks in together] == pytest.approx([_seconds(chunks) for chunks in alone], abs=0.05)


def _children() -> list[str]:
    """The command lines of our live child processes."""
    folder = Path(f"/proc/{os.getpid()}/task")
    pids = " ".join((task / "children").read_text(encoding="ascii") for task in folder.iterdir()).split()
    return [Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8") for pid in pids]
