"""One adapter call, pumped by a task of its own into a bounded buffer.

The pump separates the provider's pace from the caller's: events that arrive in one upstream read are taken in one
batch, waiting for the caller never counts as a stalled provider, and cancelling closes the upstream at once.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Generic, TypeVar

from speko_core.providers.base import FailureKind, ProviderError

log = logging.getLogger("speko.oneshot")

E = TypeVar("E")
BOUND = 256
CLOSE_TIMEOUT_S = 5.0


class Reading(Generic[E]):
    """Reads `source` until it ends, fails or is closed. The owner must call `aclose`."""

    def __init__(self, source: AsyncIterator[E]) -> None:
        self._source = source
        self._buffer: list[E] = []
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._failure: ProviderError | None = None
        self._task = asyncio.create_task(self._pump())

    async def wait(self, timeout_s: float) -> bool:
        """True as soon as `take` has something to say; False after `timeout_s` of silence."""
        if self._buffer or self._task.done():
            return True
        try:
            async with asyncio.timeout(timeout_s):
                await self._arrived.wait()
        except TimeoutError:
            return False
        return True

    def take(self) -> list[E]:
        """Everything that arrived, in order; an empty list once the source has ended.

        Raises:
            ProviderError: the source failed, after all that came before has been taken.
        """
        batch, self._buffer = self._buffer, []
        self._arrived.clear()
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
        self.cancel()
        _, unfinished = await asyncio.wait({self._task}, timeout=CLOSE_TIMEOUT_S)
        if unfinished:
            log.error("an adapter did not stop when cancelled")
        elif not self._task.cancelled() and (bug := self._task.exception()) is not None:
            log.error("an adapter failed unexpectedly", exc_info=bug)

    async def _pump(self) -> None:
        try:
            async with _closing(self._source):
                async for event in self._source:
                    self._buffer.append(event)
                    self._arrived.set()
                    if len(self._buffer) >= BOUND:
                        await self._wait_for_room()
        except ProviderError as error:
            self._failure = error
        except TimeoutError:
            self._failure = ProviderError(FailureKind.TIMEOUT, "the connection timed out")
        except OSError as error:
            self._failure = ProviderError(FailureKind.NETWORK, type(error).__name__)
        finally:
            self._arrived.set()

    async def _wait_for_room(self) -> None:
        self._room.clear()
        await self._room.wait()


@contextlib.asynccontextmanager
async def _closing(source: AsyncIterator[E]) -> AsyncIterator[None]:
    """Close an async generator in the task that ran it, whatever ends the reading."""
    try:
        yield
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()
