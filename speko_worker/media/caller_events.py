"""What a caller does besides speaking, on its way to the session: bounded, and a hang-up always fits."""

import asyncio
from collections.abc import AsyncIterator

from speko_worker.frames import ClientEvent, Hangup

MAX_PENDING = 16


class CallerEvents:
    """Events in the order of their arrival; the last one is a `Hangup`."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[ClientEvent] = asyncio.Queue(maxsize=MAX_PENDING + 1)

    def offer(self, event: ClientEvent) -> bool:
        """Take an event; False when they arrive faster than they are answered."""
        if isinstance(event, Hangup):
            self.hang_up()
            return True
        if self._events.qsize() >= MAX_PENDING:
            return False
        self._events.put_nowait(event)
        return True

    def hang_up(self) -> None:
        """The caller is gone."""
        if not self._events.full():
            self._events.put_nowait(Hangup())

    async def until_hangup(self) -> AsyncIterator[ClientEvent]:
        """Every event, the hang-up included."""
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Hangup):
                return
