"""The failover loop, one for every modality.

A candidate is proven alive by its first real event. Before it, a failure moves on to the next candidate; a caller's
mistake (`INVALID`) is returned at once. After it, the caller has seen something: failures are raised as they are.
A candidate that is slower than usual may be given a rival, the next one of the chain; the loser is cancelled.
"""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from speko_core.oneshot.health import Health
from speko_core.oneshot.patience import Timing, patience
from speko_core.oneshot.race import Attempt, Lane, first_told
from speko_core.providers.base import FailureKind, ProviderError
from speko_core.routing.decision import Ranked

log = logging.getLogger("speko.oneshot")

E = TypeVar("E")
# What one model of a vendor says about all models that are called with the same key.
_OF_THE_VENDOR = frozenset({FailureKind.AUTH, FailureKind.QUOTA, FailureKind.NETWORK})


@dataclass(frozen=True)
class Failure:
    """Why one candidate was given up; `skipped` when another model of its vendor had told enough."""

    candidate: Ranked
    error: ProviderError
    skipped: bool = False

    def __str__(self) -> str:
        return f"{self.candidate.id} ({'skipped' if self.skipped else self.error.kind})"


class Exhausted(Exception):
    """Every candidate failed; `failures` in the order of the chain."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__(", ".join(map(str, failures)))
        self.failures = tuple(failures)


class Failover(Generic[E]):
    """One call over its candidates. The owner must call `aclose`."""

    def __init__(
        self,
        attempts: Sequence[Attempt[E]],
        timing: Timing,
        is_real: Callable[[E], bool],
        health: Health,
    ) -> None:
        self._attempts, self._timing, self._is_real, self._health = tuple(attempts), timing, is_real, health
        self._position, self._give_up_at = 0, math.inf
        self._running: list[Lane[E]] = []
        self._answering: Lane[E] | None = None
        self._ending: list[Lane[E]] = []
        self._called: list[Ranked] = []
        self._unusable: dict[str, ProviderError] = {}
        self.failures: list[Failure] = []
        self.outrun: list[Ranked] = []

    @property
    def current(self) -> Ranked:
        """The candidate that answers, or the one that was called last."""
        if self._answering is not None:
            return self._answering.candidate
        return self._called[-1] if self._called else self._attempts[0].candidate

    @property
    def count(self) -> int:
        """How many candidates were called before the current one."""
        return self._called.index(self.current) if self._called else 0

    async def start(self) -> None:
        """Try candidates in order until one has sent its first real event. May be called again after `give_up`.

        Raises:
            ProviderError: the caller's input is at fault; no other candidate is tried.
            Exhausted: every candidate failed, or the time for all together is over.
        """
        self._answering = None
        self._give_up_at = min(self._give_up_at, asyncio.get_running_loop().time() + self._timing.overall_s)
        while self._running or self._begin_next():
            told = await first_told(self._running, self._hedge_at())
            if not told and not self._begin_next():
                self._running[0].hedge_at = math.inf
            for one in told:
                if one.error is None:
                    return self._won(one.lane)
                self._lost(one.lane, one.error)
                if not one.error.fails_over:
                    raise one.error
        raise Exhausted(self.failures)

    def _hedge_at(self) -> float:
        """When the only running candidate is given a rival; never while there is none to give."""
        alone = len(self._running) == 1 and self._position < len(self._attempts)
        return self._running[0].hedge_at if alone else math.inf

    def _begin_next(self) -> bool:
        """Call the next candidate that may be called; False when there is none, or no time.

        One that another call is just trying is passed over, but for the last: it is kept until nothing else runs.
        """
        while (attempt := self._next()) and asyncio.get_running_loop().time() < self._give_up_at:
            granted, last = self._health.begin(attempt.candidate), self._position + 1 == len(self._attempts)
            if last and self._running and not granted:
                return False
            self._position += 1
            if granted or last:
                self._call(attempt)
                return True
        return False

    def _next(self) -> Attempt[E] | None:
        """The next of the chain; those whose key or endpoint has just failed another one are skipped."""
        while self._position < len(self._attempts):
            attempt = self._attempts[self._position]
            error = self._unusable.get(attempt.candidate.vendor)
            if error is None:
                return attempt
            self.failures.append(Failure(attempt.candidate, error, skipped=True))
            self._position += 1
        return None

    def _call(self, attempt: Attempt[E]) -> None:
        waits = patience(self._timing, self._health.pace(attempt.candidate))
        self._running.append(Lane(attempt, self._is_real, waits, self._give_up_at))
        self._called.append(attempt.candidate)

    def _won(self, winner: Lane[E]) -> None:
        now = asyncio.get_running_loop().time()
        self._answering = winner
        self._health.succeeded(winner.candidate, now - winner.begun)
        for lane in self._running:
            if lane is not winner:
                self.outrun.append(lane.candidate)
                self._health.outrun(lane.candidate, now - lane.begun)
                self._end(lane)
        self._running.clear()

    def _lost(self, lane: Lane[E], error: ProviderError) -> None:
        self._running.remove(lane)
        self._end(lane)
        self._failed(lane.candidate, error)
        if error.kind in _OF_THE_VENDOR:
            self._unusable[lane.candidate.vendor] = error

    def _end(self, lane: Lane[E]) -> None:
        """Cancel now, wait in `aclose`: nobody waits for a loser."""
        lane.cancel()
        self._ending.append(lane)

    def _failed(self, candidate: Ranked, error: ProviderError) -> None:
        self.failures.append(Failure(candidate, error))
        log.warning(
            "candidate failed",
            extra={
                "provider": candidate.vendor,
                "model": candidate.model,
                "kind": str(error.kind),
                "upstream_status": error.status,
                "detail": error.detail[:300],
            },
        )
        self._health.failed(candidate, error)

    def batches(self, beat_s: float) -> AsyncGenerator[Sequence[E], None]:
        """What the answering candidate sends, as it comes. An empty batch marks `beat_s` of silence.

        Raises:
            ProviderError: the candidate failed or stalled after its first event.
        """
        assert self._answering is not None
        return self._answering.batches(beat_s)

    def answered(self) -> None:
        """The whole answer has been taken."""
        assert self._answering is not None
        self._health.flowed(self._answering.candidate, self._answering.longest_silence_s)

    def give_up(self, error: ProviderError) -> None:
        """The answering candidate failed after its first event."""
        assert self._answering is not None
        self._end(self._answering)
        self._failed(self._answering.candidate, error)

    async def aclose(self) -> None:
        """Cancel every upstream call that is still open, and wait, bounded, until all are gone."""
        answering = [self._answering] if self._answering is not None else []
        lanes, self._running, self._ending = [*self._running, *answering, *self._ending], [], []
        for lane in lanes:
            lane.cancel()
        for lane in lanes:
            await lane.aclose()
