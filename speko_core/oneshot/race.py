"""Candidates being called, and which of them tells something first.

A lane is one candidate from its call to its end; it is proven by its first real event. Usually one lane runs. When its
candidate is slower than usual a second may run beside it, and the first proven one wins (RTE-13).
"""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from speko_core.oneshot.patience import Patience
from speko_core.oneshot.reading import Reading
from speko_core.providers.base import FailureKind, ProviderError
from speko_core.routing.decision import Ranked

E = TypeVar("E")
# An upstream that sends more than this without one real event is malformed, not slow.
MAX_HELD = 256


class Attempt(NamedTuple, Generic[E]):
    """A candidate and how to call it; nothing is sent before `open` is iterated."""

    candidate: Ranked
    open: Callable[[], AsyncIterator[E]]


class Lane(Generic[E]):
    """One candidate being called. The owner must call `aclose`."""

    def __init__(
        self, attempt: Attempt[E], is_real: Callable[[E], bool], patience: Patience, give_up_at: float
    ) -> None:
        self.candidate = attempt.candidate
        self.begun = asyncio.get_running_loop().time()
        self.deadline = min(self.begun + patience.first_event.seconds, give_up_at)
        self.hedge_at = math.inf if patience.hedge_s is None else self.begun + patience.hedge_s
        self.longest_silence_s = 0.0
        self._patience, self._is_real = patience, is_real
        self._reading = Reading(attempt.open())
        self._held: list[E] = []
        self._proven = False

    async def prove(self, until: float) -> bool:
        """Wait for the first real event; False when it has not come by `until`. May be called again.

        Raises:
            ProviderError: the candidate failed first, or its own time is over.
        """
        loop, until = asyncio.get_running_loop(), min(until, self.deadline)
        while not self._proven:
            if not await self._reading.wait(until - loop.time()):
                if until < self.deadline and loop.time() < self.deadline:
                    return False
                raise self._patience.first_event.exceeded("no first event")
            self._take(self._reading.take())
        return True

    def _take(self, batch: Sequence[E]) -> None:
        if not batch:
            raise ProviderError(FailureKind.EMPTY, "the answer ended without content")
        self._held += batch
        self._proven = any(map(self._is_real, batch))
        if not self._proven and len(self._held) > MAX_HELD:
            raise ProviderError(FailureKind.UPSTREAM, "events without content")

    async def batches(self, beat_s: float) -> AsyncGenerator[Sequence[E], None]:
        """What the proven candidate sends, as it comes. An empty batch marks `beat_s` of silence.

        Raises:
            ProviderError: it failed or stalled.
        """
        held, self._held = self._held, []
        yield held
        loop, limit, silent_s = asyncio.get_running_loop(), self._patience.silence, 0.0
        while True:
            begun, wait_s = loop.time(), min(beat_s, limit.seconds - silent_s)
            if await self._reading.wait(wait_s):
                self.longest_silence_s = max(self.longest_silence_s, silent_s + loop.time() - begun)
                silent_s = 0.0
                batch = self._reading.take()
                if not batch:
                    return
                yield batch
            else:
                silent_s += wait_s
                if silent_s >= limit.seconds:
                    raise limit.exceeded("no further event")
                yield ()

    def cancel(self) -> None:
        """Cancel the upstream call without waiting for its end; `aclose` still has to be called."""
        self._reading.cancel()

    async def aclose(self) -> None:
        """Cancel the upstream call and wait, bounded, for its end."""
        await self._reading.aclose()


class Told(NamedTuple, Generic[E]):
    """A lane that is proven, or the error that ended it."""

    lane: Lane[E]
    error: ProviderError | None = None


async def first_told(lanes: Sequence[Lane[E]], until: float) -> Sequence[Told[E]]:
    """Wait until at least one of the lanes is proven or has failed; nothing when none has by `until`."""
    if len(lanes) == 1:
        told = await _told(lanes[0], until)
        return (told,) if told else ()
    waits = [asyncio.create_task(_told(lane, until)) for lane in lanes]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        return [told for wait in waits if wait.done() and (told := wait.result())]
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.wait(waits)


async def _told(lane: Lane[E], until: float) -> Told[E] | None:
    try:
        return Told(lane) if await lane.prove(until) else None
    except ProviderError as error:
        return Told(lane, error)
