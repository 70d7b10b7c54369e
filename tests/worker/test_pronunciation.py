"""Pronunciation rules on streamed text."""

from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from speko_worker.pronunciation import pronounce

RULES = {"SQL": "sequel", "New York": "Noo York", "a": "ay"}


async def _said(chunks: list[str], rules: dict[str, str]) -> str:
    async def _stream() -> AsyncIterator[str]:
        for chunk in chunks:
            yield chunk

    return "".join([piece async for piece in pronounce(rules)(_stream())])


async def test_whole_words_are_replaced_in_any_case() -> None:
    """AGT-1: a key inside a longer word is left alone."""
    assert (
        await _said(["I said sql, not MySQL. A new york min."], RULES) == "I said sequel, not MySQL. ay Noo York min."
    )


async def test_a_key_split_over_chunks_is_found() -> None:
    """AGT-1: the model streams words in pieces."""
    assert await _said(["In New", " Yo", "rk, S", "QL"], RULES) == "In Noo York, sequel"


async def test_no_rules_change_nothing() -> None:
    """AGT-1: the text passes through at once."""
    assert await _said(["a b", " c"], {}) == "a b c"


@given(st.lists(st.text(alphabet="aNewYorkSQL ,.", max_size=9), max_size=12))
async def test_streaming_gives_the_same_text_as_all_at_once(chunks: list[str]) -> None:
    """AGT-1: where the text is cut never matters."""
    assert await _said(chunks, RULES) == await _said(["".join(chunks)], RULES)
