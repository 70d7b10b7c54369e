"""Tasks whose first step is taken at once behave like any task."""

import asyncio
from contextvars import ContextVar

import pytest

from speko_core.eager import begin

WHERE: ContextVar[str] = ContextVar("WHERE", default="outside")


async def test_the_first_step_is_taken_before_the_caller_goes_on() -> None:
    """The work runs to its first wait, and on from there when what it waits for has come."""
    seen, gate = list[str](), asyncio.get_running_loop().create_future()

    async def work() -> str:
        seen.append("begun")
        seen.append(await gate)
        return "done"

    task = begin(work())
    assert seen == ["begun"]
    gate.set_result("on")
    assert await task == "done"
    assert seen == ["begun", "on"]


async def test_what_ends_in_its_first_step_is_the_tasks_to_tell() -> None:
    """Results and errors come from awaiting the task; the caller is not disturbed."""

    async def fine() -> int:
        return 3

    async def fails() -> None:
        raise ValueError("no")

    good, bad = begin(fine()), begin(fails())
    assert await good == 3
    with pytest.raises(ValueError, match="no"):
        await bad


async def test_the_work_has_a_task_and_a_context_of_its_own() -> None:
    """Timeouts cancel the work's task, not the caller's; variables set inside stay inside."""
    caller = asyncio.current_task()

    async def work() -> "tuple[asyncio.Task[object] | None, asyncio.Task[object] | None, str]":
        WHERE.set("inside")
        first = asyncio.current_task()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.get_running_loop().create_future()
        return first, asyncio.current_task(), WHERE.get()

    task = begin(work())
    assert asyncio.current_task() is caller
    assert await task == (task, task, "inside")
    assert WHERE.get() == "outside"


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_cancellation_reaches_the_work_so_that_it_can_clean_up(at_once: bool) -> None:
    """Whether or not the task has had its turn since."""
    cleaned = list[str]()

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")

    task = begin(work())
    if not at_once:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == ["up"]


async def test_cancelling_what_has_ended_already_does_no_harm() -> None:
    """The task is cancelled before it could tell its result."""

    async def work() -> None:
        return None

    task = begin(work())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_work_that_only_makes_way_goes_on_in_the_next_turn() -> None:
    """`sleep(0)` waits for nothing in particular."""

    async def work() -> str:
        await asyncio.sleep(0)
        return "on"

    assert await begin(work()) == "on"
