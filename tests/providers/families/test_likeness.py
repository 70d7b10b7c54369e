"""Frames read by what stands around their text say what they say when parsed."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speko_core.providers.base import LlmEvent, LlmRequest, Message, ProviderError, TextDelta
from speko_core.providers.families.likeness import Likeness
from speko_core.providers.families.openai_chat import ChatReader
from speko_core.providers.families.sse import SseEvent

REQUEST = LlmRequest(model="m", language="en", messages=(Message("user", "?"),))
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
FIELDS = st.sampled_from(["content", "role", "probe", "x", "reasoning"])


def frame(text: str, beside: dict[str, str]) -> bytes:
    return orjson.dumps({"id": "c", "choices": [{"index": 0, "delta": {**beside, "content": text}}], "x": "x"})


def read(frames: list[bytes], reader: ChatReader) -> list[LlmEvent]:
    found = reader.read([SseEvent("", one) for one in frames])
    reader.check()
    return found


@given(st.lists(TEXTS, max_size=12), st.dictionaries(FIELDS.filter("content".__ne__), TEXTS, max_size=2))
def test_every_text_is_read_as_if_parsed(texts: list[str], beside: dict[str, str]) -> None:
    """RTE-16: quotes, escapes, control characters, and the text's letters elsewhere in the frame."""
    found = read([frame(text, beside) for text in texts], ChatReader(REQUEST))

    assert found == [TextDelta(text) for text in texts if text]


@pytest.mark.parametrize(
    "broken",
    [
        b'{"id":"c","choices":[{"index":0,"delta":{"content":"a"b"}}],"x":"x"}',
        b'{"id":"c","choices":[{"index":0,"delta":{"content":"\x07"}}],"x":"x"}',
        b'{"id":"c","choices":[{"index":0,"delta":{"content":"\xff"}}],"x":"x"}',
        b'{"id":"c","choices":[{"index":0,"delta":{"content":"}}],"x":"x"}',
    ],
)
def test_a_malformed_frame_among_alike_ones_is_refused_after_what_came_before_it(broken: bytes) -> None:
    """RTE-9: what stands around the text does not make a frame whole."""
    reader = ChatReader(REQUEST)
    frames = [SseEvent("", one) for one in (frame("one", {}), frame("two", {}), broken, frame("three", {}))]

    assert reader.read(frames) == [TextDelta("one"), TextDelta("two")]
    with pytest.raises(ProviderError):
        reader.check()


def test_frames_that_always_differ_are_tried_only_a_few_times() -> None:
    """RTE-16: padding in every frame must not double the work of an answer."""
    asked: list[object] = []
    likeness = Likeness(lambda parsed: asked.append(parsed) or None)
    for _ in range(50):
        likeness.learn(b'{"text":"a"}', "a")

    assert len(asked) < 10
    assert likeness.text(b'{"text":"a"}') is None
