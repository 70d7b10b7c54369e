"""One adapter call, pumped by a task of its own into a bounded buffer.

The pump separates the provider's pace from the caller's: events that arrive in one upstream read are taken in one
batch, waiting for the caller never counts as a stalled provider, and cancelling closes the upstream at once.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Generic, TypeVar

from speko_core.eager import begin
from speko_core.providers.base import FailureKind, ProviderError
from speko_core.providers.gathered import Gathered

log = logging.getLogger("speko.oneshot")

E = TypeVar("E")
BOUND = 256
CLOSE_TIMEOUT_S = 5.0


class Reading(Generic[E]):
    """Reads `source` until it ends, fails or is closed. The owner must call `aclose`."""

    def __init__(self, source: AsyncIterator[E]) -> None:
        self._source = source
        self._buffer: list[E] = []
        self._ended = False
        self._room = asyncio.Event()
        self._waiter: asyncio.Future[None] | None = None
        self._until, self._alarm = 0.0, None  # type: float, asyncio.TimerHandle | None
        self._failure: ProviderError | None = None
        # At once: of many calls that arrive together, the first is sent before the others are prepared.
        self._task = begin(self._pump())

    async def wait(self, timeout_s: float) -> bool:
        """True as soon as `take` has something to say; False after `timeout_s` of silence. One may wait at a time."""
        if self._buffer or self._task.done():
            return True
        if self._ended:  # within its first step; the task is about to say so
            await asyncio.wait({self._task})
            return True
        loop = asyncio.get_running_loop()
        self._until, self._waiter = loop.time() + timeout_s, loop.create_future()
        # A stream waits thousands of times: one timer for all of them looks whether the time of the latest is over.
        if self._alarm is None or self._alarm.when() > self._until:
            self._look_at(self._until)
        try:
            await self._waiter
        finally:
            self._waiter = None
        return bool(self._buffer) or self._ended

    def _look_at(self, moment: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_at(moment, self._look)

    def _look(self) -> None:
        self._alarm = None
        if self._waiter is None:
            return
        if asyncio.get_running_loop().time() >= self._until:
            self._wake()
        else:
            self._look_at(self._until)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def take(self) -> list[E]:
        """Everything that arrived, in order; an empty list once the source has ended.

        Raises:
            ProviderError: the source failed, after all that came before has been taken.
        """
        batch, self._buffer = self._buffer, []
        self._room.set()
        if not batch and self._failure is not None:
            raise self._failure
        if not batch and self._task.done():
            self._task.result()
        return batch

    def cancel(self) -> None:
        """Cancel the upstream call without waiting for its end; `aclose` still has to be called."""
        self._task.cancel()

    async def aclose(self) -> None:
        """Cancel the upstream call and wait, bounded, until it is gone; safe to call twice."""
        if self._alarm is not None:
            self._alarm.cancel()
        if not self._task.done():
            self.cancel()
            await asyncio.wait({self._task}, timeout=CLOSE_TIMEOUT_S)
        if not self._task.done():
            log.error("an adapter did not stop when cancelled")
        elif not self._task.cancelled() and (bug := self._task.exception()) is not None:
            log.error("an adapter failed unexpectedly", exc_info=bug)

    async def _pump(self) -> None:
        try:
            await self._read()
        except ProviderError as error:
            self._failure = error
        except TimeoutError:
            self._failure = ProviderError(FailureKind.TIMEOUT, "the connection timed out")
        except OSError as error:
            self._failure = ProviderError(FailureKind.NETWORK, type(error).__name__)
        finally:
            self._ended = True
            self._wake()

    async def _read(self) -> None:
        try:
            if isinstance(self._source, Gathered):
                async for events in self._source.groups:
                    self._buffer += events
                    await self._told()
            else:
                async for event in self._source:
                    self._buffer.append(event)
                    await self._told()
        finally:
            # Here, in the task that ran it, whatever ended the reading.
            if isinstance(self._source, AsyncGenerator):
                await self._source.aclose()

    async def _told(self) -> None:
        """Say that something has come, and wait for room when too much is there."""
        self._wake()
        if len(self._buffer) >= BOUND:
            self._room.clear()
            await self._room.wait()
