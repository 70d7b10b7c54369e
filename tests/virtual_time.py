"""An event loop whose clock leaps over waiting: tests of limits that take minutes end at once, on any machine.

Tests marked `virtual_time` run on it. Time passes only while nothing else can happen: no socket of this process is
ready, nothing runs in a thread, and a moment of real time brought nothing. So everything that a test's own servers and
clients do comes before the timer that waits for it, however busy the machine is. Work in threads that are not the
loop's own (database drivers, other processes) is not seen: such tests keep real time.
"""

import asyncio
import selectors
from asyncio import Future
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

# What is sent over the loopback is there at once; the kernel may be late on a busy machine.
GRACE_S = 0.05


class LeapingLoop(asyncio.SelectorEventLoop):
    """Real time, plus what was leapt over."""

    def __init__(self) -> None:
        self.leapt_s = 0.0
        self.in_threads = 0
        super().__init__(_LeapingSelector(self))

    def time(self) -> float:
        return super().time() + self.leapt_s

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> "Future[Any]":
        self.in_threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, future: "Future[Any]") -> None:
        self.in_threads -= 1


class _LeapingSelector(selectors.DefaultSelector):
    def __init__(self, loop: LeapingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait as asked while a thread works or no timer runs; else shortly, and leap over the rest."""
        if timeout is None or timeout <= GRACE_S or self._loop.in_threads:
            return super().select(timeout)
        ready = super().select(GRACE_S)
        if not ready:
            self._loop.leapt_s += timeout - GRACE_S
        return ready
