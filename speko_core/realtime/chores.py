"""What is done beside a conversation, and how it may end it."""

import asyncio
from collections.abc import Coroutine

from speko_core.errors import SpekoError
from speko_core.realtime.endings import Ending, Over, refused


class Chores:
    """Tasks of one conversation. The first that cannot be done ends it; the owner must call `aclose`."""

    def __init__(self) -> None:
        self.over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()

    def end(self, ending: Ending) -> None:
        """End the conversation; the first reason counts."""
        if not self.over.done():
            self.over.set_result(ending)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Do something meanwhile."""
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self, within_s: float) -> None:
        """Let what was begun come to its end, then cancel the rest."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Over as over:
            self.end(over.ending)
        except SpekoError as error:
            self.end(refused(error))
