"""The event-stream parser: any line ends, any split, a bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speko_core.providers.base import ProviderError
from speko_core.providers.families.sse import SseEvent, SseParser

TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=20)
NAMES = st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=8)
EVENTS = st.lists(st.tuples(NAMES, st.lists(TEXT, min_size=1, max_size=3)), max_size=6)


def encoded(events: list[tuple[str, list[str]]], end: str) -> bytes:
    lines: list[str] = []
    for name, data in events:
        lines += [f"event: {name}"] if name else [": a comment"]
        lines += [f"data: {line}" for line in data]
        lines.append("")
    return "".join(line + end for line in lines).encode()


def split(text: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [text[start:stop] for start, stop in zip(edges, edges[1:], strict=False)]


@given(EVENTS, st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 10_000), max_size=12))
def test_events_survive_every_split(events: list[tuple[str, list[str]]], end: str, cuts: list[int]) -> None:
    """RTE-16: reads end anywhere, also between CR and LF."""
    parser = SseParser()
    found = [event for chunk in split(encoded(events, end), cuts) for event in parser.feed(chunk)]

    assert found == [SseEvent(name, "\n".join(data).encode()) for name, data in events]
    assert not parser.unfinished


@given(st.binary(max_size=200), st.lists(st.integers(0, 10_000), max_size=5))
def test_any_bytes_parse_the_same_however_split(text: bytes, cuts: list[int]) -> None:
    """RTE-16: garbage is no crash, and no split changes what is found."""
    whole, pieces = SseParser(), SseParser()
    expected = whole.feed(text)

    assert [event for chunk in split(text, cuts) for event in pieces.feed(chunk)] == expected


def test_comments_and_lone_names_are_no_events() -> None:
    """RTE-16: vendors keep connections warm with comments."""
    parser = SseParser()

    assert parser.feed(b": keep-alive\n\nevent: ping\n\nid: 3\nretry: 5\n\ndata:x\n\n") == [SseEvent("", b"x")]


def test_a_byte_order_mark_is_skipped() -> None:
    """RTE-16: at the start only, also when it comes in parts."""
    parser = SseParser()

    assert parser.feed(b"\xef\xbb") == []
    assert parser.feed(b"\xbfdata: x\n\n") == [SseEvent("", b"x")]


@pytest.mark.parametrize("chunk", [b"data: " + b"x" * 200, b"data: xxxxxxxxxx\n" * 20])
def test_an_endless_event_is_refused(chunk: bytes) -> None:
    """RTE-9: memory is bounded whatever a vendor sends."""
    with pytest.raises(ProviderError, match="too long"):
        SseParser(max_event_bytes=100).feed(chunk)
