"""Server-sent events as vendors stream them: an incremental parser over bytes.

Lines end with LF, CRLF or CR; reads may split anywhere, also between CR and LF. Comments, `id` and `retry` carry
nothing for us. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, read 2026-11-20.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, NamedTuple, cast

from speko_core.providers.base import FailureKind, ProviderError

MAX_EVENT_BYTES: Final = 8 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_DATA: Final = b"data: "


class SseEvent(NamedTuple):
    """One event; `name` is empty where the vendor sends only data."""

    name: str
    data: bytes


# A quarter of the time of the constructor.
_event = cast("Callable[[tuple[str, bytes]], SseEvent]", partial(tuple.__new__, SseEvent))


class SseParser:
    """Feed it reads, take complete events."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []
        self._held = 0
        self._after_cr = False
        self._at_start = True

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that `chunk` completes, in order.

        Raises:
            ProviderError: `UPSTREAM` for an event longer than the bound.
        """
        events: list[SseEvent] = []
        if self._at_start and chunk and not self._rest and chunk[:1] != _BOM[:1]:
            self._at_start = False
        if self._between_events and b"\r" not in chunk:
            chunk = self._feed_blocks(self._rest + chunk, events)
        if chunk:
            self._feed_lines(self._lines(chunk), events)
        return events

    @property
    def _between_events(self) -> bool:
        """True when no line of an event has been taken yet; its first line may have begun."""
        return not (self._data or self._name or self._at_start or self._after_cr)

    def _feed_blocks(self, text: bytes, events: list[SseEvent]) -> bytes:
        """The usual case, several times faster than line by line: whole events; returns what follows the last one."""
        self._rest = b""
        blocks, end, rest = text.rpartition(b"\n\n")
        if not end:
            return rest
        found = blocks.removeprefix(_DATA).split(b"\n\n" + _DATA)
        if blocks.startswith(_DATA) and blocks.count(b"\n") == 2 * len(found) - 2 and len(text) <= self._max:
            events += [_event(("", data)) for data in found]
        else:
            self._feed_lines((*blocks.split(b"\n"), b""), events)
        return rest

    def _feed_lines(self, lines: Iterable[bytes], events: list[SseEvent]) -> None:
        for line in lines:
            if line:
                self._field(line)
            elif self._data:
                events.append(SseEvent(self._name, b"\n".join(self._data)))
                self._clear()
            else:
                self._clear()

    @property
    def unfinished(self) -> bool:
        """True when the stream stopped inside an event."""
        return bool(self._rest or self._data)

    def _lines(self, chunk: bytes) -> list[bytes]:
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        text = self._rest + chunk
        if self._at_start:
            if len(text) < len(_BOM) and _BOM.startswith(text):
                self._rest = text
                return []
            text, self._at_start = text.removeprefix(_BOM), False
        if b"\r" in text:
            self._after_cr = text.endswith(b"\r")
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, self._rest = text.split(b"\n")
        self._bound(len(self._rest))
        return lines

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._held += len(value)
            self._bound(0)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")

    def _bound(self, more: int) -> None:
        if self._held + more > self._max:
            raise ProviderError(FailureKind.UPSTREAM, "an event is too long")

    def _clear(self) -> None:
        self._name, self._data, self._held = "", [], 0
