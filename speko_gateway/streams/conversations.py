"""The realtime conversations of this process, so that they can be ended in order when it stops."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

# A farewell is two frames; who does not take them in this time is cut off.
FAREWELL_S: Final = 2.0


class Drainable(Protocol):
    """Something that can be asked to end."""

    def drain(self) -> None:
        """Say goodbye and end."""
        ...


class Conversations:
    """Those that are held now."""

    def __init__(self) -> None:
        self._held: set[Drainable] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    @contextmanager
    def holding(self, conversation: Drainable) -> Iterator[None]:
        """Count a conversation while the block runs."""
        self._held.add(conversation)
        self._empty.clear()
        try:
            yield
        finally:
            self._held.discard(conversation)
            if not self._held:
                self._empty.set()

    async def drain(self) -> None:
        """Ask every conversation to end, and wait a moment for their farewells."""
        for conversation in tuple(self._held):
            conversation.drain()
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._empty.wait()
        except TimeoutError:
            return
