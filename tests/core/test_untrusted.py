"""Marking other systems' text."""

from hypothesis import given
from hypothesis import strategies as st

from speko_core.untrusted import mark, unmark


@given(st.text(max_size=200))
def test_nothing_inside_the_marks_can_end_them(text: str) -> None:
    """AGT-3: the closing mark stands once, at the end."""
    marked = mark(text, "the tool x", 1_000)
    assert marked.endswith("\n[End of data]")
    assert marked.count("[End of data]") == 1


def test_a_long_text_says_that_it_was_cut() -> None:
    """AGT-3: the model knows that there is more."""
    assert unmark(mark("x" * 50, "the tool x", 10)).startswith("x" * 10 + "… (")
    assert unmark("plain") == "plain"
