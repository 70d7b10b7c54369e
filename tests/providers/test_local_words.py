"""The grammar, the pronunciations and the cutting of audio and text, without a recognizer process."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import pocketsphinx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speko_core.providers.local.grammar import build_grammar, spoken_words
from speko_core.providers.local.phrases import RULES, demo_phrases
from speko_core.providers.local.pronounce import guess_phones
from speko_core.providers.local.segments import FRAME_BYTES, MAX_FRAMES, speech_segments
from speko_core.providers.local.sentences import MAX_SENTENCE_CHARS, split_sentences
from speko_core.providers.local.similarity import error_rate

SPEECH, SILENCE = b"s" * FRAME_BYTES, b"-" * FRAME_BYTES


@cache
def pronunciations() -> dict[str, list[str]]:
    """Every word of the recognizer's dictionary with its phones."""
    dictionary = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8")
    return {word: phones for word, *phones in map(str.split, dictionary.splitlines())}


@pytest.fixture(scope="module")
def known_phones() -> set[str]:
    return {phone for phones in pronunciations().values() for phone in phones}


def test_every_word_of_the_grammar_and_the_demo_phrases_is_in_the_dictionary() -> None:
    """RTE-17: a word the recognizer does not know could never be heard."""
    rules = [line.partition("=")[2] if "=" in line else line for line in RULES.replace(";", "").splitlines()]
    words = {word.strip("[]()|+") for rule in rules for word in rule.split() if not word.strip("[]()").startswith("<")}
    words |= {word for phrase in demo_phrases() for word in phrase.split()}

    assert sorted(words - pronunciations().keys() - {""}) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Speko", ("speko",)),
        ("Café Zoë", ("cafe", "zoe")),
        ("O’Brien & Sons", ("o'brien", "sons")),
        ("24", ("twenty", "four")),
        ("Route 66", ("route", "sixty", "six")),
        ("007", ("zero", "zero", "seven")),
        ("90210", ("nine", "zero", "two", "one", "zero")),
        ("13", ("thirteen",)),
        ("☎!", ()),
    ],
)
def test_keywords_become_spoken_words(text: str, words: tuple[str, ...]) -> None:
    """RTE-20: a keyword is matched as it is said."""
    assert spoken_words(text) == words


@given(text=st.text(max_size=60))
def test_keywords_cannot_write_grammar(text: str) -> None:
    """RTE-20: nothing in a keyword has a meaning in JSGF."""
    assert all(word.replace("'", "").isalpha() and word.isascii() for word in spoken_words(text))


def test_keywords_join_the_built_in_phrases() -> None:
    """RTE-20: keywords add to the grammar, they do not replace it."""
    grammar = build_grammar([("speko", "cloud")])

    assert "<keyword> = speko cloud;" in grammar
    assert RULES in grammar
    assert "<keyword>" not in build_grammar(())


@given(word=st.from_regex(r"[a-z]{1,12}('[a-z]{1,3})?", fullmatch=True))
def test_every_word_gets_phones_the_model_has(known_phones: set[str], word: str) -> None:
    """RTE-20: an unknown keyword is guessed, never dropped."""
    phones = guess_phones(word).split()

    assert phones
    assert set(phones) <= known_phones


def test_guessed_pronunciations_are_close_to_the_dictionary() -> None:
    """RTE-20: good enough to tell names apart: at most every second phone wrong on common words."""
    words = ["appointment", "lemon", "tiger", "basket", "printer", "window", "marathon", "victor", "doctor", "hunter"]

    errors = [error_rate(pronunciations()[word], guess_phones(word).split()) for word in words]

    assert sum(errors) / len(errors) <= 0.5


def test_an_utterance_is_cut_at_its_pauses() -> None:
    """RTE-17: each sentence is recognized alone, with a margin of silence around it."""
    pcm = SILENCE * 20 + SPEECH * 30 + SILENCE * 30 + SPEECH * 30 + SILENCE * 5

    segments = [(segment.start // FRAME_BYTES, segment.end // FRAME_BYTES) for segment in speech_segments(pcm, _is_s)]

    assert segments == [(10, 60), (70, 115)]


def test_short_pauses_do_not_cut() -> None:
    """RTE-17: people hesitate within a sentence."""
    pcm = SPEECH * 20 + SILENCE * 10 + SPEECH * 20

    assert len(speech_segments(pcm, _is_s)) == 1


def test_silence_has_no_segments() -> None:
    """ONE-11: silence must not be forced onto the grammar."""
    assert speech_segments(SILENCE * 100, _is_s) == []


@given(flags=st.lists(st.booleans(), max_size=1_500))
def test_no_speech_is_lost_and_no_segment_is_long(flags: list[bool]) -> None:
    """RTE-17: every frame with speech is in exactly some segment, in order."""
    pcm = b"".join(SPEECH if flag else SILENCE for flag in flags)

    segments = speech_segments(pcm, _is_s)

    covered = {at for segment in segments for at in range(segment.start // FRAME_BYTES, segment.end // FRAME_BYTES)}
    assert {index for index, flag in enumerate(flags) if flag} <= covered
    assert all(0 < segment.end - segment.start <= MAX_FRAMES * FRAME_BYTES for segment in segments)
    assert all(first.start < second.start for first, second in pairwise(segments))


def _is_s(frame: bytes) -> bool:
    return frame[:1] == b"s"


@given(text=st.text(max_size=2_000))
def test_sentences_keep_every_spoken_character_in_order(text: str) -> None:
    """ONE-3: nothing is dropped between sentences."""
    sentences = split_sentences(text)

    assert [letter for letter in text if letter.isalnum()] == [c for part in sentences for c in part if c.isalnum()]
    assert all(0 < len(sentence) <= MAX_SENTENCE_CHARS for sentence in sentences)


def test_sentences_end_where_they_should() -> None:
    """ONE-3: the first sentence is spoken before the second is made."""
    assert split_sentences('Hello there.  How are you? "Fine!" he said\n\n- ok') == [
        "Hello there.",
        "How are you?",
        '"Fine!',
        "he said",
        "- ok",
    ]
