"""What both job engines promise: the real one on the database, and its twin stepping on a clock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from speko_core.adapters.dbos_jobs import DbosJobs
from speko_core.adapters.dbos_runner import DbosRunner
from speko_core.adapters.inline_jobs import InlineJobs
from speko_core.deps import Deps
from speko_core.ports.jobs import JobKind, JobRecord, Jobs
from speko_core.types import JsonObject
from tests.conftest import with_deps
from tests.twins import MovedClock

DEADLINE_S = 30.0


class _ChangedMind(Exception):
    pass


@dataclass
class Diary:
    """Kinds of work that write down what they did."""

    runs: list[str] = field(default_factory=list)
    broken: bool = True

    async def add(self, deps: Deps, args: JsonObject) -> JsonObject:
        self.runs.append(str(args["note"]))
        return {"noted": args["note"]}

    async def flaky(self, deps: Deps, args: JsonObject) -> JsonObject:
        self.runs.append("try")
        if len(self.runs) < 3:
            raise ConnectionError("the caller said 4111 1111")
        return {"tries": len(self.runs)}

    async def fail(self, deps: Deps, args: JsonObject) -> JsonObject:
        if self.broken:
            raise ValueError("the caller said 4111 1111")
        return {}

    @property
    def kinds(self) -> list[JobKind]:
        return [
            JobKind("diary.add", self.add),
            JobKind("diary.flaky", self.flaky, retry_delays_s=(0.01, 0.01, 0.01)),
            JobKind("diary.fail", self.fail),
        ]


@dataclass
class Engine:
    """One engine under test; `settle` lets it work until the job has ended."""

    jobs: Jobs
    deps: Deps
    step: Callable[[], Awaitable[object]]

    async def settle(self, job_id: str) -> JobRecord:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                await self.step()
                found = {record.id: record for record in await self.jobs.recent()}.get(job_id)
                if found is not None and found.status in ("done", "failed"):
                    return found


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture(params=["inline", "dbos"])
async def engine(request: pytest.FixtureRequest, deps: Deps, diary: Diary) -> AsyncIterator[Engine]:
    """The engine with the diary's kinds of work."""
    if request.param == "inline":
        clock = MovedClock()
        inline = InlineJobs(diary.kinds, clock)
        moved = with_deps(deps, clock=clock, jobs=inline)

        async def tick() -> None:
            await inline.run_due(moved)
            clock.advance(1)

        yield Engine(inline, moved, tick)
        return
    jobs = deps.jobs
    assert isinstance(jobs, DbosJobs)
    runner = DbosRunner(deps, jobs, diary.kinds, "jobs-test")
    await runner.start()
    yield Engine(jobs, deps, lambda: asyncio.sleep(0.05))
    await jobs.aclose()
    await runner.stop(1)


async def test_work_accepted_inside_a_transaction_exists_exactly_when_it_commits(engine: Engine, diary: Diary) -> None:
    """OPS-2"""
    with suppress(_ChangedMind):
        async with engine.deps.database.transaction(None) as db:
            await engine.jobs.enqueue("diary.add", {"note": "lost"}, job_id="job-1", within=db)
            raise _ChangedMind
    async with engine.deps.database.transaction(None) as db:
        await engine.jobs.enqueue("diary.add", {"note": "kept"}, job_id="job-2", within=db)
    record = await engine.settle("job-2")
    assert (record.name, record.status, record.result, record.attempts) == ("diary.add", "done", {"noted": "kept"}, 1)
    assert diary.runs == ["kept"]
    assert [record.id for record in await engine.jobs.recent()] == ["job-2"]


async def test_the_same_id_runs_once_and_the_newest_is_listed_first(engine: Engine, diary: Diary) -> None:
    """OPS-2"""
    for number in (1, 1, 2, 1):
        await engine.jobs.enqueue("diary.add", {"note": f"n{number}"}, job_id=f"job-{number}")
        await engine.settle(f"job-{number}")
    assert diary.runs == ["n1", "n2"]
    assert sorted(record.id for record in await engine.jobs.recent()) == ["job-1", "job-2"]
    assert len(await engine.jobs.recent(limit=1)) == 1
    assert await engine.jobs.recent(status="failed") == []


async def test_a_failed_job_shows_no_words_of_a_caller_and_can_be_run_again(engine: Engine, diary: Diary) -> None:
    """OPS-2"""
    await engine.jobs.enqueue("diary.fail", {}, job_id="job-1")
    failed = await engine.settle("job-1")
    assert (failed.status, failed.error) == ("failed", "ValueError")
    diary.broken = False
    assert await engine.jobs.retry("job-1")
    assert (await engine.settle("job-1")).status == "done"
    assert not await engine.jobs.retry("job-1")
    assert not await engine.jobs.retry("job-unknown")


async def test_a_kind_with_pauses_is_tried_again_by_itself(engine: Engine, diary: Diary) -> None:
    """OPS-2"""
    await engine.jobs.enqueue("diary.flaky", {}, job_id="job-1")
    record = await engine.settle("job-1")
    assert (record.status, record.result) == ("done", {"tries": 3})


async def test_delayed_work_waits(engine: Engine, diary: Diary) -> None:
    """OPS-2"""
    accepted = engine.deps.clock.now()
    await engine.jobs.enqueue("diary.add", {"note": "later"}, job_id="job-1", delay_s=1.5)
    assert [record.id for record in await engine.jobs.recent(status="scheduled")] == ["job-1"]
    await engine.settle("job-1")
    assert engine.deps.clock.now() - accepted >= timedelta(seconds=1.5)
    assert diary.runs == ["later"]


async def test_finished_work_is_forgotten_after_its_time(engine: Engine, diary: Diary) -> None:
    """OPS-4"""
    await engine.jobs.enqueue("diary.add", {"note": "x"}, job_id="job-1")
    await engine.settle("job-1")
    now = engine.deps.clock.now()
    assert await engine.jobs.forget_finished(now - timedelta(hours=1)) == 0
    assert await engine.jobs.forget_finished(now + timedelta(hours=1)) == 1
    assert await engine.jobs.recent() == []
