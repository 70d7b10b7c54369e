"""The failover loop, one for every modality.

A candidate is proven alive by its first real event. Before it, a failure moves on to the next candidate; a caller's
mistake (`INVALID`) is returned at once. After it, the caller has seen something: failures are raised as they are.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from speko_core.oneshot.reading import Reading
from speko_core.providers.base import FailureKind, ProviderError
from speko_core.routing.decision import Ranked

log = logging.getLogger("speko.oneshot")

E = TypeVar("E")
# An upstream that sends more than this without one real event is malformed, not slow.
MAX_HELD = 256


@dataclass(frozen=True)
class Timing:
    """Limits in seconds: to the first real event of one candidate and of all together, and between later events."""

    first_event_s: float
    stall_s: float
    overall_s: float


@dataclass(frozen=True)
class Attempt(Generic[E]):
    """A candidate and how to call it; nothing is sent before `open` is iterated."""

    candidate: Ranked
    open: Callable[[], AsyncIterator[E]]


@dataclass(frozen=True)
class Failure:
    """Why one candidate was given up."""

    candidate: Ranked
    error: ProviderError

    def __str__(self) -> str:
        return f"{self.candidate.id} ({self.error.kind})"


class Health(Protocol):
    """What live traffic tells about candidates: the seam of circuit breakers and live latency (RTE-12)."""

    def begin(self, candidate: Ranked) -> bool:
        """Take leave to call it; False when it must not be called now."""
        ...

    def succeeded(self, candidate: Ranked, first_event_s: float) -> None:
        """The first real event came after `first_event_s`."""
        ...

    def failed(self, candidate: Ranked, error: ProviderError) -> None:
        """The candidate was given up."""
        ...

    def abandon(self) -> None:
        """The caller went away before the candidate being tried had told anything."""
        ...


class Exhausted(Exception):
    """Every candidate failed; `failures` in the order of trying."""

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
        health: Health | None = None,
    ) -> None:
        self._attempts, self._timing, self._is_real, self._health = tuple(attempts), timing, is_real, health
        self._position = 0
        self._held: list[E] = []
        self._reading: Reading[E] | None = None
        self.failures: list[Failure] = []

    @property
    def current(self) -> Ranked:
        """The candidate being tried, or the one that answers."""
        return self._attempts[max(self._position - 1, 0)].candidate

    async def start(self) -> None:
        """Try candidates in order until one has sent its first real event.

        Raises:
            ProviderError: the caller's input is at fault; no other candidate is tried.
            Exhausted: every candidate failed, or the time for all together is over.
        """
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._timing.overall_s
        while self._position < len(self._attempts) and loop.time() < give_up_at:
            self._position += 1
            if not self._may_call():
                continue
            begun = loop.time()
            try:
                await self._first_event(min(begun + self._timing.first_event_s, give_up_at))
            except ProviderError as error:
                await self.give_up(error)
                if not error.fails_over:
                    raise
            else:
                if self._health:
                    self._health.succeeded(self.current, loop.time() - begun)
                return
        raise Exhausted(self.failures)

    def _may_call(self) -> bool:
        """False for a candidate that another call is just trying, unless it is the last there is."""
        last = self._position == len(self._attempts)
        return self._health is None or self._health.begin(self.current) or last

    async def _first_event(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        self._reading = reading = Reading(self._attempts[self._position - 1].open())
        self._held = []
        while not any(map(self._is_real, self._held)):
            if not await reading.wait(deadline - loop.time()):
                raise ProviderError(FailureKind.TIMEOUT, "no first event in time")
            batch = reading.take()
            if not batch:
                raise ProviderError(FailureKind.EMPTY, "the answer ended without content")
            self._held += batch
            if len(self._held) > MAX_HELD:
                raise ProviderError(FailureKind.UPSTREAM, "events without content")

    async def batches(self, beat_s: float) -> AsyncGenerator[Sequence[E], None]:
        """What the answering candidate sends, as it comes. An empty batch marks `beat_s` of silence.

        Raises:
            ProviderError: the candidate failed or stalled after its first event.
        """
        held, self._held = self._held, []
        yield held
        reading, silence = self._reading, 0.0
        assert reading is not None
        while True:
            patience = min(beat_s, self._timing.stall_s - silence)
            if await reading.wait(patience):
                silence = 0.0
                batch = reading.take()
                if not batch:
                    return
                yield batch
            else:
                silence += patience
                if silence >= self._timing.stall_s:
                    raise ProviderError(FailureKind.TIMEOUT, "the answer stalled")
                yield ()

    async def give_up(self, error: ProviderError) -> None:
        """Close the current candidate and remember why it failed."""
        await self.aclose()
        self.failures.append(Failure(self.current, error))
        log.warning(
            "candidate failed",
            extra={
                "provider": self.current.vendor,
                "model": self.current.model,
                "kind": str(error.kind),
                "upstream_status": error.status,
                "detail": error.detail[:300],
            },
        )
        if self._health:
            self._health.failed(self.current, error)

    async def aclose(self) -> None:
        """Cancel the upstream call, if one is open."""
        reading, self._reading = self._reading, None
        if reading is not None:
            await reading.aclose()
