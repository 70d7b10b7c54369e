"""What the offline voice says, the offline ear hears."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from speko_core.providers.base import FailureKind, Provider, ProviderError, SttRequest, Transcript, TtsRequest
from speko_core.providers.local.engines import find_engines
from speko_core.providers.local.phrases import demo_phrases
from speko_core.providers.local.provider import build_local
from speko_core.providers.local.similarity import error_rate
from speko_core.providers.local.stt import LocalStt
from speko_core.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

RATE = 24_000
VOICE = "flite" if find_engines().flite else "espeak"
OUTSIDE = (
    "my name is peter miller",
    "the weather is cold in winter",
    "i want to buy a car",
)
# Figures of this test on the default voices, rounded up; espeak is harder to understand than flite.
FREE_WER = {"flite": 0.1, "espeak": 0.45}
GRAMMAR_WER = {"flite": 0.0, "espeak": 0.1}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def local() -> AsyncIterator[Provider]:
    provider = build_local(Settings(voice_workers=2, _env_file=None))
    yield provider
    for closer in provider.closers:
        await closer.aclose()


async def _said(local: Provider, text: str) -> bytes:
    assert local.tts is not None
    return b"".join([chunk.data async for chunk in local.tts.synthesize(TtsRequest(VOICE, "en-US", text), None)])


async def _hear(local: Provider, pcm: bytes, model: str, *keywords: str, language: str = "en-US") -> Transcript:
    assert local.stt is not None
    request = SttRequest(model, language, b"", "", pcm, RATE, keywords)
    (transcript,) = [event async for event in local.stt.transcribe(request, None)]
    return transcript


async def _wer(local: Provider, model: str, phrases: tuple[str, ...]) -> float:
    audio = [await _said(local, phrase) for phrase in phrases]
    heard = [event.text for event in await asyncio.gather(*(_hear(local, pcm, model) for pcm in audio))]
    words = sum(len(phrase.split()) for phrase in phrases)
    edits = sum(error_rate(p.split(), h.split()) * len(p.split()) for p, h in zip(phrases, heard, strict=True))
    return edits / words


async def test_the_grammar_hears_every_demo_phrase(local: Provider) -> None:
    """RTE-17: the sentences we tell people to say are understood."""
    assert await _wer(local, "sphinx-grammar", demo_phrases()) <= GRAMMAR_WER[VOICE]


async def test_free_recognition_hears_phrases_inside_and_outside_the_grammar(local: Provider) -> None:
    """RTE-17: the gate helps demo phrases and does not force other sentences onto them."""
    assert await _wer(local, "sphinx-free", (*demo_phrases()[::13], *OUTSIDE)) <= FREE_WER[VOICE]


async def test_two_sentences_are_both_heard_with_their_times(local: Provider) -> None:
    """ONE-12: word times count from the start of the recording."""
    pcm = await _said(local, "hello") + bytes(2 * RATE) + await _said(local, "when are you open")

    transcript = await _hear(local, pcm, "sphinx-grammar")

    assert transcript.text == "hello when are you open"
    assert transcript.is_final
    assert transcript.confidence is None
    starts = [word.start_s for word in transcript.words]
    assert starts == sorted(starts)
    assert starts[0] < 0.5
    assert starts[1] > 1.2
    assert all(word.start_s < word.end_s <= len(pcm) / 2 / RATE for word in transcript.words)


async def test_the_same_audio_gives_the_same_words_whatever_came_before(local: Provider) -> None:
    """RTE-17: no state is carried from one caller to the next."""
    pcm, other = await _said(local, "can you repeat that"), await _said(local, "the weather is cold in winter")
    alone = await _hear(local, pcm, "sphinx-grammar")

    await asyncio.gather(*(_hear(local, other, "sphinx-grammar", "winter") for _ in range(2)))

    assert await _hear(local, pcm, "sphinx-grammar") == alone


async def test_many_callers_at_once_each_get_their_own_words(local: Provider) -> None:
    """RTE-17: two processes serve everybody."""
    phrases = ("yes please", "no thank you", "goodbye", "tomorrow at ten", "who are you", "good morning")
    audio = [await _said(local, phrase) for phrase in phrases]

    heard = await asyncio.gather(*(_hear(local, pcm, "sphinx-grammar") for pcm in audio))

    assert tuple(transcript.text for transcript in heard) == phrases


async def test_a_keyword_outside_the_dictionary_is_heard_and_reported(local: Provider) -> None:
    """RTE-20: never silently dropped, never silently guessed."""
    pcm = await _said(local, "my name is xochitl")

    first = await _hear(local, pcm, "sphinx-grammar", "Xóchitl", "☎")
    again = await _hear(local, pcm, "sphinx-grammar", "Xóchitl", "☎")

    assert first.text == "my name is xochitl"
    assert len(first.warnings) == 2
    assert again == first


async def test_one_callers_keywords_are_not_heard_by_others(local: Provider) -> None:
    """RTE-17: a keyword lives as long as its request."""
    pcm = await _said(local, "my name is xochitl")
    await _hear(local, pcm, "sphinx-grammar", "Xóchitl")

    assert "xochitl" not in (await _hear(local, pcm, "sphinx-grammar")).text
    assert "xochitl" not in (await _hear(local, pcm, "sphinx-free")).text


@pytest.mark.parametrize("pcm", [b"", bytes(2 * RATE), b"\1\0" * 100])
async def test_silence_is_a_failure_not_a_word(local: Provider, pcm: bytes) -> None:
    """ONE-11: an empty transcript fails over; silence is not forced onto the grammar."""
    with pytest.raises(ProviderError) as failure:
        await _hear(local, pcm, "sphinx-grammar")

    assert failure.value.kind is FailureKind.EMPTY


@pytest.mark.parametrize(
    ("model", "language", "seconds"), [("sphinx-free", "es-ES", 1), ("whisper", "en", 1), ("sphinx-free", "en", 700)]
)
async def test_what_it_cannot_do_is_refused(local: Provider, model: str, language: str, seconds: int) -> None:
    """RTE-20: another language, model or an hour-long recording is refused before any work."""
    with pytest.raises(ProviderError) as failure:
        await _hear(local, bytes(2 * RATE * seconds), model, language=language)

    assert failure.value.kind is FailureKind.INVALID


async def test_warming_loads_the_model_before_the_first_caller() -> None:
    """RTE-19: the first caller does not wait for the model."""
    provider = build_local(Settings(_env_file=None))
    assert isinstance(provider.stt, LocalStt)

    await provider.stt.warm("sphinx-grammar")

    await provider.stt.aclose()
