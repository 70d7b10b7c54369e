"""The circuit breaker of one candidate: a state machine on a clock that is passed in. Pure.

    closed ── 5 failures in a row, or 30 % of at least 20 calls in 30 s ──► open for 10 s · 2^k, with jitter
    open ── time over ──► half-open: one call at a time ── success ──► closed
                                                        ── failure ──► open, k + 1 (5 min at most)
    any ── the key is refused (401) or has no quota (402) ──► open until another key, which is another breaker
    any ── rate limited (429) ──► resting for as long as the provider said, and then as before

A caller's own mistake says nothing about a candidate, nor does a caller that goes away. A call that another candidate
outran counts towards the failures in a row and not towards their share: one slow call is luck, five in a row are not.
"""

import math
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import Literal, NamedTuple

from speko_core.providers.base import FailureKind
from speko_core.routing.health_pace import UNKNOWN, Pace, Samples

State = Literal["closed", "open", "half_open"]

IN_A_ROW = 5
SHARE = 0.30
AT_LEAST = 20
WINDOW_S = 30.0
FIRST_OPEN_S = 10.0
LONGEST_OPEN_S = 300.0
JITTER = 0.2
# What a provider that says 429 without a time is given.
USUAL_REST_S = 5.0
MAX_REMEMBERED = 2000
# Shares of calls: the next candidate is started beside a call slower than the first, one slower than the second fails.
USUAL, SLOWEST = 0.95, 0.99

_DEAD_KEY = frozenset({FailureKind.AUTH, FailureKind.QUOTA})
_NOT_ITS_FAULT = frozenset({FailureKind.INVALID, FailureKind.REFUSED})


class Permit(NamedTuple):
    """Leave to call once. A probe decides whether a half-open breaker closes; a forced call may only close it."""

    kind: Literal["normal", "probe", "forced"]


class _Seen(NamedTuple):
    at: float
    failed: bool
    latency_s: float | None = None


class Breaker:
    """One candidate with one credential. `jitter(k)` is between 0 and 1, the same for the same k."""

    def __init__(self, jitter: Callable[[int], float]) -> None:
        self._jitter = jitter
        self._seen: deque[_Seen] = deque(maxlen=MAX_REMEMBERED)
        self._first_events, self._silences = Samples(), Samples()
        self._in_a_row = 0
        self._openings = 0
        self._until: float | None = None
        self._rests_until = -math.inf
        self._probing = False
        self._why = ""

    def state(self, now: float) -> State:
        """Where the machine stands."""
        if self._until is None:
            return "closed"
        return "open" if now < self._until else "half_open"

    def blocks(self, now: float) -> bool:
        """True when another call must not be planned now."""
        return now < self._rests_until or self.state(now) == "open" or self._probing

    def reopens_at(self, now: float) -> float:
        """From when a call may be planned again; infinite until the key changes."""
        return max(self._rests_until, self._until or -math.inf, now)

    def begin(self, now: float, forced: bool = False) -> Permit | None:
        """Take leave to call; None when somebody else's call has to tell first."""
        if forced:
            return Permit("forced")
        if self.blocks(now):
            return None
        if self.state(now) == "closed":
            return Permit("normal")
        self._probing = True
        return Permit("probe")

    def succeeded(self, permit: Permit, now: float, latency_s: float) -> None:
        """The call's first real event came."""
        self._note(now, _Seen(now, False, latency_s))
        self._first_events.note(now, latency_s)
        if permit.kind != "normal":
            self._close()
        elif self._until is None:
            self._in_a_row = 0

    def failed(self, permit: Permit, now: float, kind: FailureKind, retry_after_s: float | None = None) -> None:
        """The call was given up."""
        if permit.kind == "probe":
            self._probing = False
        if kind in _NOT_ITS_FAULT:
            return
        if kind in _DEAD_KEY:
            self._why, self._until = f"its provider key is refused ({kind})", math.inf
        elif kind is FailureKind.RATE:
            rest = USUAL_REST_S if retry_after_s is None else min(max(retry_after_s, 0.0), LONGEST_OPEN_S)
            self._rests_until = max(self._rests_until, now + rest)
        else:
            self._note(now, _Seen(now, True))
            self._count(permit, now)

    def outrun(self, permit: Permit, now: float, waited_s: float) -> None:
        """Another candidate's first event came while this call had been silent for `waited_s`.

        It would have taken at least that long, and counts so: else only fast calls would shape the quantiles.
        """
        self.abandoned(permit)
        self._first_events.note(now, waited_s)
        if permit.kind == "normal" and self._until is None:
            self._in_a_row += 1
            if self._in_a_row >= IN_A_ROW:
                self._open(now, f"{self._in_a_row} calls in a row failed or were outrun")

    def flowed(self, now: float, silence_s: float) -> None:
        """A whole answer came, with no silence within it longer than this."""
        self._silences.note(now, silence_s)

    def pace(self, permit: Permit, now: float) -> Pace:
        """What the call may be held to. A call that tries a recovering candidate is given all the time there is."""
        if permit.kind != "normal":
            return UNKNOWN
        usual, slowest = (self._first_events.quantile(now, share) for share in (USUAL, SLOWEST))
        return Pace(usual, slowest, self._silences.quantile(now, SLOWEST))

    def abandoned(self, permit: Permit) -> None:
        """The caller went away before anything was known."""
        if permit.kind == "probe":
            self._probing = False

    def reason(self, now: float) -> str:
        """One sentence for `filtered_out`: why it is left out, and when it will be tried again."""
        why = f"rate limited{self._figures()}" if now < self._rests_until else f"{self._why}{self._figures()}"
        until = self.reopens_at(now)
        if math.isinf(until):
            return f"{why}; left out until the key changes"
        if until <= now:
            return f"{why}; one call is trying it now"
        return f"{why}; next try in {math.ceil(until - now)} s"

    def error_rate(self, now: float) -> tuple[float, int]:
        """Share of failures and number of calls in the window."""
        self._trim(now)
        failures = sum(seen.failed for seen in self._seen)
        return (failures / len(self._seen) if self._seen else 0.0), len(self._seen)

    def _note(self, now: float, seen: _Seen) -> None:
        self._seen.append(seen)
        self._trim(now)

    def _trim(self, now: float) -> None:
        while self._seen and self._seen[0].at <= now - WINDOW_S:
            self._seen.popleft()

    def _count(self, permit: Permit, now: float) -> None:
        if permit.kind == "probe":
            self._openings += 1
            self._open(now, "it failed again when it was tried")
        elif self._until is None:
            self._in_a_row += 1
            rate, calls = self.error_rate(now)
            if self._in_a_row >= IN_A_ROW:
                self._open(now, f"{self._in_a_row} failures in a row")
            elif calls >= AT_LEAST and rate >= SHARE:
                self._open(now, "too many failures")

    def _open(self, now: float, why: str) -> None:
        pause = min(LONGEST_OPEN_S, FIRST_OPEN_S * 2.0 ** min(self._openings, 10))
        jitter = 1 + JITTER * self._jitter(self._openings)
        self._why, self._until = f"circuit open: {why}", now + min(LONGEST_OPEN_S, pause * jitter)

    def _close(self) -> None:
        self._until, self._probing, self._in_a_row, self._openings = None, False, 0, 0
        self._rests_until = -math.inf
        # What was counted before the failure says nothing about the recovered candidate.
        latest = self._seen[-1]
        self._seen.clear()
        self._seen.append(latest)
        self._first_events.clear()
        self._silences.clear()

    def _figures(self) -> str:
        failures = sum(seen.failed for seen in self._seen)
        known = [seen.latency_s for seen in self._seen if seen.latency_s is not None]
        if not self._seen:
            return ""
        latency = f", median first event {median(known) * 1000:.0f} ms" if known else ""
        return f" (error rate {failures / len(self._seen):.0%} of {len(self._seen)} calls{latency})"
