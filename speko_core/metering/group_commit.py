"""Group commit: many callers, one writer, one transaction for whatever has gathered.

A row is durable when `commit` returns. Rows that nobody waits for (`put`) ride along with the next group, in order,
and go by themselves after `LAZY_S`. The writer is one task and one thread per process, and the task ends when idle.

The queue is bounded by admission: `check_room` refuses new calls while `capacity` rows wait, so what is queued is at
most that and one row of each call already admitted.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from speko_core.errors import Unavailable

log = logging.getLogger("speko.metering")

T = TypeVar("T")
R = TypeVar("R")
LINGER_S = 0.002
LAZY_S = 0.25
MAX_GROUP = 500
CAPACITY = 20_000
# The database driver's own timeouts end before this.
PATIENCE_S = 45.0
RETRY_AFTER_S = (0.05, 0.5, 2.0)


@dataclass(frozen=True)
class _Row(Generic[T]):
    value: T
    done: "asyncio.Future[None] | None" = None


class GroupCommit(Generic[T, R]):
    """Writes rows in groups. `write(rows, again)` runs in the writer's thread and commits; `again` marks a retry.

    `heard` gets what `write` returned, on the loop, before anybody who waited goes on.
    """

    def __init__(
        self, write: Callable[[Sequence[T], bool], R], heard: Callable[[R], None], capacity: int = CAPACITY
    ) -> None:
        self._write, self._heard, self._capacity = write, heard, capacity
        self._rows: deque[_Row[T]] = deque()
        self._awaited = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None

    def check_room(self) -> None:
        """Called before work that will have to be written.

        Raises:
            Unavailable: the database does not keep up.
        """
        if len(self._rows) >= self._capacity:
            raise _overloaded()

    def put(self, value: T) -> None:
        """Write it with the next group; a failure is logged."""
        self._add(_Row(value))

    async def commit(self, value: T) -> None:
        """Write it and return when it is durable. A caller that is cancelled leaves its row to be written.

        Raises:
            Unavailable: it could not be written; nothing says that it was not.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._add(_Row(value, done))
        self._awaited.set()
        # Every call waits here: `asyncio.timeout` costs several times as much.
        timer = loop.call_later(PATIENCE_S, _settle, done, TimeoutError())
        try:
            await done
        finally:
            timer.cancel()

    def _add(self, row: _Row[T]) -> None:
        self._rows.append(row)
        if self._task is None or self._task.done():
            self._awaited.clear()
            self._task = asyncio.create_task(self._run(), name="group-commit")

    async def drain(self) -> None:
        """Wait until everything queued has been written."""
        while self._task is not None and not self._task.done():
            self._awaited.set()
            await asyncio.wait({self._task}, timeout=PATIENCE_S)

    async def aclose(self) -> None:
        """Write what is queued and end the thread."""
        await self.drain()
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.shutdown)

    async def _run(self) -> None:
        while self._rows:
            await self._gather()
            group = [self._rows.popleft() for _ in range(min(MAX_GROUP, len(self._rows)))]
            if not self._rows:
                self._awaited.clear()
            await self._flush(group)

    async def _gather(self) -> None:
        try:
            async with asyncio.timeout(LAZY_S):
                await self._awaited.wait()
                await asyncio.sleep(LINGER_S)
        except TimeoutError:
            return

    async def _flush(self, group: Sequence[_Row[T]]) -> None:
        error = await self._attempt([row.value for row in group])
        if error is not None and len(group) > 1 and isinstance(error, IntegrityError | DataError):
            # One row that can never be written must not take the others with it.
            for row in group:
                await self._flush([row])
            return
        if error is not None:
            log.error("rows could not be written", exc_info=error, extra={"rows": len(group)})
        for row in group:
            _settle(row.done, error)

    async def _attempt(self, values: Sequence[T]) -> Exception | None:
        """Write, trying again while the database is busy or away; the error of the last attempt."""
        error: Exception | None = None
        for number, pause in enumerate((*RETRY_AFTER_S, 0.0)):
            try:
                self._thread = self._thread or ThreadPoolExecutor(1, "group-commit")
                loop = asyncio.get_running_loop()
                self._heard(await loop.run_in_executor(self._thread, self._write, values, number > 0))
            except OperationalError as found:
                error = found
                await asyncio.sleep(pause)
            except Exception as found:  # the edge of the writer: a bug must fail its callers, not leave them waiting
                return found
            else:
                return None
        return error


def _overloaded() -> Unavailable:
    return Unavailable("The database does not keep up; try again in a moment.", retry_after_s=1)


def _settle(done: "asyncio.Future[None] | None", error: Exception | None) -> None:
    """Tell the caller, unless it has gone or been told."""
    if done is None or done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(_overloaded())
