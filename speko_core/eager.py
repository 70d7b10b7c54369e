"""Tasks whose first step is taken at once, by the task that makes them.

A task usually begins in the loop's next turn. When a hundred calls arrive together, all of them are prepared before the
first one is under way. Python has eager tasks from 3.12 on; this is the same for one coroutine under 3.11.
"""

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Coroutine, Generator
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")


def begin(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """Run `work` up to its first wait, then leave it to the task that is returned.

    The work sees its own task as the current one and its own copy of the context, as in any task. What it raises in its
    first step is the task's, not the caller's.
    """
    loop, caller, context = asyncio.get_running_loop(), asyncio.current_task(), copy_context()
    begun = _Begun(work)
    task = loop.create_task(begun, context=context)
    if caller is not None:
        _leave_task(loop, caller)
    _enter_task(loop, task)
    try:
        context.run(begun.take_first_step)
    finally:
        _leave_task(loop, task)
        if caller is not None:
            _enter_task(loop, caller)
    return task


class _Begun(Coroutine[Any, Any, T]):
    """A coroutine that has taken its first step: the first `send` tells what came of it."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._is_told = False
        self._waits_for: object = None
        self._end: BaseException | None = None

    def take_first_step(self) -> None:
        """Run to the first wait, or to the end."""
        try:
            self._waits_for = self._work.send(None)
        except BaseException as end:  # whatever it is, the task is to hear it
            self._end = end

    def send(self, value: Any) -> Any:
        """One step."""
        if self._is_told:
            return self._work.send(value)
        self._is_told = True
        if self._end is not None:
            raise self._end
        return self._waits_for

    def throw(self, error: Any, *more: Any) -> Any:
        """Raise inside, such as a cancellation."""
        self._is_told = True
        if self._end is not None:
            raise error
        return self._work.throw(error, *more)

    def close(self) -> None:
        """End it."""
        self._work.close()

    def __await__(self) -> Generator[Any, Any, T]:
        """Not how tasks go about it."""
        return self._work.__await__()
