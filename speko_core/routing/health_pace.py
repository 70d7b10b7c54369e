"""How fast a candidate usually is, from its latest calls: what its own watchdog and hedging go by (RTE-13, ONE-11)."""

from bisect import bisect_left, insort
from collections import deque
from math import ceil
from typing import NamedTuple

KEPT = 256
KEPT_S = 600.0
# Fewer calls than this tell nothing about a quantile.
AT_LEAST = 20


class Samples:
    """The latest durations of one kind, in seconds, kept sorted."""

    def __init__(self) -> None:
        self._noted: deque[tuple[float, float]] = deque()
        self._sorted: list[float] = []

    def note(self, now: float, seconds: float) -> None:
        """Add one; the oldest make room."""
        self._noted.append((now, seconds))
        insort(self._sorted, seconds)
        self._trim(now)

    def quantile(self, now: float, share: float) -> float | None:
        """The duration that `share` of the calls did not exceed; None with too few recent calls to tell."""
        self._trim(now)
        count = len(self._sorted)
        return self._sorted[ceil(share * count) - 1] if count >= AT_LEAST else None

    def clear(self) -> None:
        """Forget all of them."""
        self._noted.clear()
        self._sorted.clear()

    def _trim(self, now: float) -> None:
        while self._noted and (len(self._noted) > KEPT or self._noted[0][0] <= now - KEPT_S):
            _, seconds = self._noted.popleft()
            del self._sorted[bisect_left(self._sorted, seconds)]


class Pace(NamedTuple):
    """What a candidate usually needs, in seconds; None where too little is known.

    `hedge_s`: after this silence the next candidate may be started beside it. `first_event_s`: its slowest first
    events. `silence_s`: its longest silences within an answer.
    """

    hedge_s: float | None = None
    first_event_s: float | None = None
    silence_s: float | None = None


UNKNOWN = Pace()
