"""Identifiers: sortable, prefixed by what they name."""

import os
import time
from itertools import product
from threading import Lock
from uuid import UUID

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(map("".join, product(_ALPHABET, repeat=2)))
_SHIFTS = range(120, -1, -10)
_STEP = (1 << 64) - 1


class _Ulids:
    """ULIDs as 128-bit integers, rising also within a millisecond: a row written later sorts later.

    Source: https://github.com/ulid/spec, read 2026-11-21.
    """

    def __init__(self) -> None:
        self._lock, self._last = Lock(), 0

    def next(self) -> int:
        """A new one, greater than all before it in this process."""
        fresh = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
        with self._lock:
            same_moment = fresh >> 80 <= self._last >> 80
            # Not by one: the next id must not be guessed from this one.
            self._last = self._last + 1 + (fresh & _STEP) if same_moment else fresh
            return self._last


_ulids = _Ulids()


def new_id(prefix: str) -> str:
    """Return `prefix_` + a ULID: 26 characters, sortable by creation time to the millisecond."""
    value = _ulids.next()
    return f"{prefix}_{''.join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])}"


def new_session_id() -> str:
    """Return a session id: a ULID written as a UUID, because the wire documents a UUID there."""
    return str(UUID(int=_ulids.next()))
