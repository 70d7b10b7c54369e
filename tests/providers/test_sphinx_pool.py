"""The recognition processes: queueing, crashes, timeouts, cancellation, and what is left behind."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from speko_core.providers.base import FailureKind, ProviderError
from speko_core.providers.local.sphinx_pool import MAX_WAITING, PoolLimits, SphinxPool

FAKE = (sys.executable, str(Path(__file__).with_name("fake_sphinx.py")))
DEADLINE_S = 10.0


@pytest.fixture
async def pools() -> AsyncIterator[Callable[..., SphinxPool]]:
    made: list[SphinxPool] = []

    def make(size: int = 1, limits: PoolLimits | None = None, command: tuple[str, ...] = FAKE) -> SphinxPool:
        made.append(SphinxPool(size, limits, command))
        return made[-1]

    yield make
    for pool in made:
        await pool.aclose()


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.01)


def _is_gone(pid: int) -> bool:
    """Gone, or a zombie that only waits to be reaped by somebody else."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def test_a_process_starts_at_the_first_call_and_is_used_again(pools: Callable[..., SphinxPool]) -> None:
    """RTE-17: nothing runs before it is needed."""
    pool = pools()
    assert pool.idle_pids == ()

    first = await pool.recognize(b"1234", "free", ())
    second = await pool.recognize(b"12", "free", ())

    assert (first["words"], second["words"]) == ([["4", 0.0, 0.1]], [["2", 0.0, 0.1]])
    assert first["pid"] == second["pid"]


async def test_many_callers_share_few_processes(pools: Callable[..., SphinxPool]) -> None:
    """RTE-17: every caller gets the answer to their own audio."""
    pool = pools(size=2)

    answers = await asyncio.gather(*(pool.recognize(bytes(2 * n), "free", ()) for n in range(20)))

    assert [answer["words"] for answer in answers] == [[[str(2 * n), 0.0, 0.1]] for n in range(20)]
    assert len({answer["pid"] for answer in answers}) <= 2


async def test_a_crash_fails_that_call_and_the_next_one_works(pools: Callable[..., SphinxPool]) -> None:
    """RTE-17: a crashed process is replaced."""
    pool = pools()

    with pytest.raises(ProviderError) as failure:
        await pool.recognize(b"12", "free", ("die",))

    assert failure.value.kind is FailureKind.NETWORK
    assert (await pool.recognize(b"12", "free", ()))["words"] == [["2", 0.0, 0.1]]


async def test_a_process_killed_while_idle_is_replaced(pools: Callable[..., SphinxPool]) -> None:
    """RTE-17: at most one call notices."""
    pool = pools()
    await pool.recognize(b"12", "free", ())
    (pid,) = pool.idle_pids
    os.kill(pid, signal.SIGKILL)
    await _until(lambda: _is_gone(pid))

    answers = await asyncio.gather(*(pool.recognize(b"12", "free", ()) for _ in range(2)), return_exceptions=True)

    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(failures) <= 1
    assert all(isinstance(failure, ProviderError) and failure.fails_over for failure in failures)


async def test_a_hanging_process_is_given_up_and_ended(pools: Callable[..., SphinxPool]) -> None:
    """RTE-17: every wait has an end."""
    pool = pools(limits=PoolLimits(base_s=0.3))
    hung = await pool.recognize(b"12", "free", ())

    with pytest.raises(ProviderError) as failure:
        await pool.recognize(b"12", "free", ("hang",))

    assert failure.value.kind is FailureKind.TIMEOUT
    assert _is_gone(int(str(hung["pid"])))


async def test_a_cancelled_call_leaves_no_process_and_no_stale_answer(pools: Callable[..., SphinxPool]) -> None:
    """ONE-7: the caller hung up."""
    pool = pools()
    pid = int(str((await pool.recognize(b"12", "free", ()))["pid"]))
    call = asyncio.create_task(pool.recognize(b"12", "free", ("hang",)))
    await _until(lambda: pool.idle_pids == ())

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert _is_gone(pid)
    assert (await pool.recognize(b"1234", "free", ()))["words"] == [["4", 0.0, 0.1]]


async def test_a_full_queue_refuses_at_once(pools: Callable[..., SphinxPool]) -> None:
    """RTE-17: the queue has a bound."""
    pool = pools()
    calls = [asyncio.create_task(pool.recognize(b"12", "free", ("hang",))) for _ in range(MAX_WAITING + 1)]
    await asyncio.sleep(0)

    with pytest.raises(ProviderError) as failure:
        await pool.recognize(b"12", "free", ())

    assert failure.value.kind is FailureKind.RATE
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_waiting_for_a_free_process_has_an_end(pools: Callable[..., SphinxPool]) -> None:
    """RTE-17: a caller in the queue is told, not kept."""
    pool = pools(limits=PoolLimits(queue_s=0.1))
    busy = asyncio.create_task(pool.recognize(b"12", "free", ("hang",)))
    await asyncio.sleep(0)

    with pytest.raises(ProviderError) as failure:
        await pool.recognize(b"12", "free", ())

    assert failure.value.kind is FailureKind.TIMEOUT
    busy.cancel()
    await asyncio.gather(busy, return_exceptions=True)


async def test_a_program_that_does_not_exist_is_a_provider_failure(pools: Callable[..., SphinxPool]) -> None:
    """RTE-17: never a traceback for the caller."""
    with pytest.raises(ProviderError) as failure:
        await pools(command=("/nonexistent/program",)).recognize(b"12", "free", ())

    assert failure.value.kind is FailureKind.NETWORK


async def test_closing_ends_the_processes_and_may_be_repeated(pools: Callable[..., SphinxPool]) -> None:
    """OPS-3: nothing outlives the server."""
    pool = pools()
    pid = int(str((await pool.recognize(b"12", "free", ()))["pid"]))

    await pool.aclose()
    await pool.aclose()

    assert _is_gone(pid)
    with pytest.raises(ProviderError):
        await pool.recognize(b"12", "free", ())


_PARENT = """
import asyncio, sys
from speko_core.providers.local.sphinx_pool import SphinxPool
async def main():
    pool = SphinxPool(1)
    await pool.warm("grammar")
    print(pool.idle_pids[0], flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_the_process_dies_with_a_killed_parent() -> None:
    """OPS-3: `kill -9` of the server leaves no recognizer behind."""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", _PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), DEADLINE_S))
    assert not _is_gone(child)

    parent.kill()
    await parent.wait()

    await _until(lambda: _is_gone(child))
