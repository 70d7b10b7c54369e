"""Server-sent events as vendors stream them: an incremental parser over bytes.

Lines end with LF, CRLF or CR; reads may split anywhere, also between CR and LF. Comments, `id` and `retry` carry
nothing for us. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, read 2026-11-20.
"""

from dataclasses import dataclass
from typing import Final

from speko_core.providers.base import FailureKind, ProviderError

MAX_EVENT_BYTES: Final = 8 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event; `name` is empty where the vendor sends only data."""

    name: str
    data: bytes


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
        lines = self._lines(chunk)
        events: list[SseEvent] = []
        for line in lines:
            if line:
                self._field(line)
            elif self._data:
                events.append(SseEvent(self._name, b"\n".join(self._data)))
                self._clear()
            else:
                self._clear()
        return events

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
