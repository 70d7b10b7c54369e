"""Long texts in passages, and sound out of whatever bytes come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speko_core.audio import wav_bytes
from speko_core.providers.base import ProviderError
from speko_core.providers.families.passages import passages
from speko_core.providers.families.speaking import Sound

LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "Z"))
TEXTS = st.text(st.one_of(st.sampled_from("ab .,!?\n。、"), LETTERS), min_size=1, max_size=400).filter(str.strip)


@given(TEXTS, st.integers(5, 120))
def test_passages_say_everything_in_order_and_fit(text: str, longest: int) -> None:
    """ONE-3: only white space, and passages without a letter, are lost."""
    found = passages(text, longest)

    assert all(0 < len(passage) <= longest for passage in found)
    said = "".join(filter(str.isalnum, "".join(found)))
    assert said == "".join(filter(str.isalnum, text))


def test_cuts_fall_where_a_speaker_pauses() -> None:
    """ONE-3: sentences first, then clauses, then words, then anywhere."""
    assert passages("One two. Three four. Five.", 21) == ["One two. Three four.", "Five."]
    assert passages("One two, three four five six", 14) == ["One two,", "three four", "five six"]
    assert passages("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert passages("你好。今天天气很好。再见。", 10) == ["你好。今天天气很好。", "再见。"]
    assert passages("short", 100) == ["short"]
    assert passages("...", 100) == ["..."]


@given(
    st.binary(min_size=4, max_size=400).filter(lambda body: body[:4] != b"RIFF"),
    st.lists(st.integers(0, 1000), max_size=6),
    st.booleans(),
)
def test_sound_is_the_same_however_it_is_split(samples: bytes, cuts: list[int], in_wav: bool) -> None:
    """ONE-3: whole samples, without the WAV around them."""
    samples = samples[: len(samples) & ~1]
    body = wav_bytes(samples, 16_000) if in_wav else samples
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    sound = Sound("audio/pcm;rate=24000")
    found = [sound.feed(body[start:stop]) for start, stop in zip(edges, edges[1:], strict=False)]

    assert b"".join(found) + sound.flush() == samples
    assert all(len(piece) % 2 == 0 for piece in found)
    assert sound.content_type == f"audio/pcm;rate={16_000 if in_wav else 24_000}"


def test_a_wav_of_another_kind_is_refused() -> None:
    """RTE-9: floating-point samples played as integers are noise."""
    body = bytearray(wav_bytes(b"\0" * 8, 24_000))
    body[20] = 3
    with pytest.raises(ProviderError, match="upstream"):
        Sound("audio/wav").feed(bytes(body))


def test_two_letters_of_a_wav_and_nothing_more_are_two_samples() -> None:
    """ONE-3: what was held back is not lost."""
    sound = Sound("audio/pcm;rate=24000")

    assert sound.feed(b"RI") == b""
    assert sound.flush() == b"RI"
