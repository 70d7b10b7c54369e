"""Packets out of an Ogg stream that arrives in pieces (RFC 3533). Checksums are not checked: TCP has done that."""

from dataclasses import dataclass
from typing import Final

_HEADER: Final = 27
_CONTINUED, _LAST = 1, 4
_MAX_HELD: Final = 1024 * 1024


class NotOgg(Exception):
    """The bytes are not pages."""


@dataclass(frozen=True)
class OggPacket:
    """One packet. `end` is the page's granule position where the stream ends with this page, else None."""

    data: bytes
    end: int | None = None


class OggPackets:
    """Feed it reads, take whole packets in order; one logical stream after another, not interleaved."""

    def __init__(self) -> None:
        self._rest = b""
        self._part = b""

    def feed(self, data: bytes) -> list[OggPacket]:
        """The packets that `data` completes.

        Raises:
            NotOgg: a page does not begin where one must.
        """
        self._rest += data
        packets: list[OggPacket] = []
        while (size := self._page_bytes()) is not None and len(self._rest) >= size:
            page, self._rest = self._rest[:size], self._rest[size:]
            packets += self._packets(page)
        return packets

    def _page_bytes(self) -> int | None:
        """Length of the page at the front; None while its header is incomplete."""
        if not b"OggS".startswith(self._rest[:4]) or len(self._part) > _MAX_HELD:
            raise NotOgg
        if len(self._rest) < _HEADER or len(self._rest) < _HEADER + self._rest[26]:
            return None
        lacing = self._rest[_HEADER : _HEADER + self._rest[26]]
        return _HEADER + len(lacing) + sum(lacing)

    def _packets(self, page: bytes) -> list[OggPacket]:
        flags, lacing = page[5], page[_HEADER : _HEADER + page[26]]
        end = int.from_bytes(page[6:14], "little") if flags & _LAST else None
        if not flags & _CONTINUED:
            self._part = b""
        place, packets = _HEADER + len(lacing), []
        for size in lacing:
            self._part += page[place : place + size]
            place += size
            if size < 255:
                packets.append(OggPacket(self._part, end))
                self._part = b""
        return packets
