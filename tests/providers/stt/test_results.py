"""What comes back beside the text: times, confidence, speakers."""

import pytest

from speko_core.providers.base import Word
from tests.fakes.vendors.recordings import WORDS
from tests.providers.stt.recognizers import bench

pytestmark = pytest.mark.virtual_time

TIMED = [
    "deepgram",
    "deepgram-flux",
    "assemblyai",
    "assemblyai-poll",
    "openai-whisper",
    "groq",
    "elevenlabs",
    "cartesia",
]
SURE = ["deepgram", "deepgram-flux", "assemblyai", "assemblyai-poll"]


async def words_of(name: str) -> tuple[Word, ...]:
    async with bench(name) as here:
        return (await here.hear())[-1].words


@pytest.mark.parametrize("name", TIMED)
async def test_words_have_their_times_in_seconds(name: str) -> None:
    """ONE-12: some vendors count in milliseconds."""
    found = await words_of(name)

    assert [(word.text, word.start_s, word.end_s) for word in found] == [word[:3] for word in WORDS]
    assert all(word.speaker is None for word in found)


@pytest.mark.parametrize("name", SURE)
async def test_words_have_the_confidence_the_vendor_gives(name: str) -> None:
    """ONE-12"""
    assert [word.confidence for word in await words_of(name)] == [word[3] for word in WORDS]


async def test_log_probabilities_become_confidence() -> None:
    """ONE-12: ElevenLabs gives the logarithm."""
    async with bench("elevenlabs") as here:
        heard = (await here.hear())[-1]

    assert [word.confidence for word in heard.words] == [pytest.approx(0.9512, abs=1e-4)] * 3
    assert heard.confidence == pytest.approx(0.9512, abs=1e-4)


@pytest.mark.parametrize(("name", "expected"), [("deepgram", 0.99), ("assemblyai", 0.95), ("assemblyai-poll", 0.95)])
async def test_a_transcript_has_the_confidence_the_vendor_gives(name: str, expected: float) -> None:
    """ONE-1"""
    async with bench(name) as here:
        assert (await here.hear())[-1].confidence == expected


@pytest.mark.parametrize("name", ["openai", "openai-whisper", "groq", "cartesia", "elevenlabs-realtime"])
async def test_confidence_is_never_made_up(name: str) -> None:
    """RTE-18: nothing given is nothing said."""
    async with bench(name) as here:
        assert (await here.hear())[-1].confidence is None


async def test_interims_grow_towards_the_final_text() -> None:
    """ONE-1: an interim is what is known so far, not the newest piece."""
    async with bench("openai") as here:
        heard = await here.hear()

    assert [found.text for found in heard] == [
        "Hello",
        "Hello wonderful",
        "Hello wonderful world.",
        "Hello wonderful world.",
    ]
    assert [found.is_final for found in heard] == [False, False, False, True]
