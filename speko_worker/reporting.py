"""Turns to the gateway: in order, at least once, in small batches, through any outage (SES-5).

Turns collect for 200 ms and go out as one request. A failed request is repeated with the same turns until the gateway
takes it; the gateway keeps one turn per index, so a repetition changes nothing. The memory buffer is bounded: past it
new turns wait on disk only (`journal.py`), from where the next worker start sends them.
"""

import asyncio
import logging
from collections import deque

from speko_core.types import JsonObject
from speko_worker.backoff import Backoff
from speko_worker.gateway import GatewayError, SessionApi
from speko_worker.journal import End, Journal
from speko_worker.repeating import repeated

logger = logging.getLogger("speko.worker.reporting")

BATCH_WINDOW_S = 0.2
MAX_BATCH = 200
MAX_BUFFERED = 2_000


class TurnReporter:
    """The turns of one session on their way to the gateway. `aclose` stops its task."""

    def __init__(self, api: SessionApi, journal: Journal) -> None:
        self._api = api
        self._journal = journal
        self._waiting: deque[JsonObject] = deque()
        self._added = asyncio.Event()
        self._delivered = asyncio.Event()
        self._delivered.set()
        self._hurry = asyncio.Event()
        self._refused = 0
        self._spilled = 0
        self._task = asyncio.create_task(self._run(), name="speko.reporting")

    @property
    def is_complete(self) -> bool:
        """True when the gateway has every turn."""
        return not self._waiting and not self._spilled

    def add(self, turn: JsonObject) -> None:
        """Take a finalized turn; never blocks."""
        self._journal.append(turn)
        if len(self._waiting) >= MAX_BUFFERED:
            self._spilled += 1
            logger.warning("turn buffer is full; the turn is kept on disk", extra={"spilled": self._spilled})
            return
        self._waiting.append(turn)
        self._delivered.clear()
        self._added.set()

    async def flush(self, timeout_s: float) -> bool:
        """Send what is waiting now; False when the gateway did not take it in time."""
        self._hurry.set()
        try:
            async with asyncio.timeout(timeout_s):
                await self._delivered.wait()
        except TimeoutError:
            logger.warning("turns are still waiting for the gateway", extra={"turns": len(self._waiting)})
        return self.is_complete

    def ended(self, end: End) -> None:
        """The call is over: what this process cannot report is reported with its true end by another."""
        self._journal.ended(end)

    async def finish(self, end: End, timeout_s: float) -> bool:
        """Close the session's record, repeating until the gateway takes it; False when it did not in time."""
        return await repeated(lambda: self._api.finish(end.status, end.reason, end.error), timeout_s, "finish")

    async def aclose(self, *, keep_journal: bool) -> None:
        """Stop; the journal stays on disk when something in it was not delivered."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if keep_journal:
            self._journal.close()
        else:
            self._journal.discard()

    async def _run(self) -> None:
        backoff = Backoff()
        while True:
            await self._added.wait()
            await self._collect()
            batch = [self._waiting[index] for index in range(min(MAX_BATCH, len(self._waiting)))]
            if not await self._try_send(batch):
                await asyncio.sleep(backoff.next())
                continue
            backoff.reset()
            for _ in batch:
                self._waiting.popleft()
            if not self._waiting:
                self._added.clear()
                self._delivered.set()

    async def _collect(self) -> None:
        try:
            async with asyncio.timeout(BATCH_WINDOW_S):
                await self._hurry.wait()
        except TimeoutError:
            return

    async def _try_send(self, batch: list[JsonObject]) -> bool:
        try:
            await self._api.post_turns(batch)
        except GatewayError as failure:
            if not failure.is_final:
                return False
            # The session is closed or its token is over: repeating cannot help.
            self._refused += len(batch)
            logger.error("gateway refused turns", extra={"code": failure.code, "turns": len(batch)})
        return True
