"""The jobs role as a process: it is killed, restarted, replaced and drained."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from speko_core.accounts.models import RoleLease
from speko_core.adapters.dbos_jobs import DbosJobs
from speko_core.adapters.dbos_runner import DbosRunner
from speko_core.deps import Deps
from speko_core.jobs import KINDS
from speko_core.probe import get_json
from speko_core.sessions.models import SessionTurn, VoiceSession
from speko_core.sessions.plan import PlanIntent, SessionPlan
from tests.conftest import Tenant
from tests.ports import reserve_ports

SESSIONS, CLOSED = 12, 5
MAIN = """
import asyncio
from speko_core.jobs_role import run_jobs
from speko_core.settings import load_settings
asyncio.run(run_jobs(load_settings()))
"""
# Dies as by `kill -9`, always at the same place: when it is about to close one more session than `CLOSED`.
MORTAL = f"""
import os, signal
from sqlalchemy import Engine, event
closing = []
@event.listens_for(Engine, "before_cursor_execute")
def count_down(connection, cursor, statement, *rest):
    if statement.startswith("UPDATE {VoiceSession.__tablename__} "):
        closing.append(statement)
    if len(closing) > {CLOSED}:
        os.kill(os.getpid(), signal.SIGKILL)
{MAIN}
"""
DEADLINE_S = 45.0
pytestmark = pytest.mark.timeout(120)


async def start(deps: Deps, port: int, program: str) -> Process:
    key = deps.settings.master_key
    assert key is not None
    environment = {
        **os.environ,
        "SPEKO_DATA_DIR": str(deps.settings.data_dir),
        "SPEKO_DATABASE_URL": deps.settings.database_url,
        "SPEKO_MASTER_KEY": key.get_secret_value(),
        "SPEKO_JOBS_PORT": str(port),
    }
    return await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=environment, stderr=PIPE)


@asynccontextmanager
async def jobs_process(deps: Deps, port: int, program: str = MAIN) -> AsyncIterator[Process]:
    process = await start(deps, port, program)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def is_ready(port: int) -> bool:
    status, _ = await get_json("127.0.0.1", port, "/readyz")
    return status == 200


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition of another process, with a deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not await holds():  # noqa: ASYNC110 - nothing in this process could set an event
            await asyncio.sleep(0.05)


def plan_of(session_id: str, tenant: Tenant) -> str:
    """A stored plan with nothing special in it."""
    plan = SessionPlan(
        session_id=session_id, organization_id=tenant.organization_id, mode="test", agent_id=None, agent_name=None,
        intent=PlanIntent(language="en"), system_prompt="", expires_at="2026-01-01T00:00:00Z", max_duration_s=60,
    )  # fmt: skip
    return plan.model_dump_json(by_alias=True)


async def add_abandoned_sessions(deps: Deps, tenant: Tenant) -> None:
    """Sessions whose worker died long ago, each with a turn."""
    long_ago = deps.clock.now() - timedelta(hours=1)
    rows: list[VoiceSession | SessionTurn] = []
    for number in range(SESSIONS):
        session_id = f"00000000-0000-0000-0000-{number:012d}"
        common = {"organization_id": tenant.organization_id, "created_at": long_ago, "updated_at": long_ago}
        rows.append(
            VoiceSession(
                id=session_id,
                status="active",
                kind="web",
                mode="test",
                language="en",
                plan=plan_of(session_id, tenant),
                plan_signature="",
                transport="websocket",
                room_name=session_id,
                identity="caller",
                started_at=long_ago,
                last_heartbeat_at=long_ago,
                expires_at=deps.clock.now() + timedelta(hours=1),
                **common,
            )
        )
        turn = {"text": "hi", "source": "user", "legs": {}, "latency": {}, "tool_calls": [], "started_at": long_ago}
        rows.append(SessionTurn(id=f"turn_{number}", session_id=session_id, idx=0, **turn, **common))
    async with deps.database.transaction(tenant.organization_id) as db:
        db.add_all(rows[::2])
        await db.flush()
        db.add_all(rows[1::2])


async def count(deps: Deps, status: str) -> int:
    statement = select(func.count(VoiceSession.id)).where(VoiceSession.status == status)
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        return (await db.execute(statement)).scalar_one()


async def killed_in_the_middle(deps: Deps, port: int) -> None:
    """Let the role begin its sweep and die in it."""
    async with asyncio.timeout(DEADLINE_S), jobs_process(deps, port, MORTAL) as process:
        _, errors = await process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()
    assert await count(deps, "failed") == CLOSED


async def finalizer_runs(deps: Deps) -> list[tuple[str, int]]:
    return [(run.status, run.attempts) for run in await deps.jobs.recent() if run.name == "sessions.finalize"]


async def test_a_sweep_killed_in_the_middle_is_finished_after_the_restart(deps: Deps, tenant: Tenant) -> None:
    """OPS-2"""
    port = reserve_ports()
    await add_abandoned_sessions(deps, tenant)
    await killed_in_the_middle(deps, port)
    assert ("running", 1) in await finalizer_runs(deps)

    async def is_done() -> bool:
        return ("done", 2) in await finalizer_runs(deps)

    async with jobs_process(deps, port):
        await until(is_done)
    assert await count(deps, "failed") == SESSIONS
    statement = select(func.count(SessionTurn.id))
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        assert (await db.execute(statement)).scalar_one() == SESSIONS


async def test_another_process_takes_over_the_work_of_one_that_never_returns(deps: Deps, tenant: Tenant) -> None:
    """OPS-2"""
    await add_abandoned_sessions(deps, tenant)
    await killed_in_the_middle(deps, reserve_ports())
    jobs = deps.jobs
    assert isinstance(jobs, DbosJobs)
    lost = {run.id for run in await jobs.recent(status="running")}
    assert lost
    async with deps.database.transaction(None, read_only=True) as db:
        holder = (await db.execute(select(RoleLease.instance_id))).scalar_one()

    async def is_done() -> bool:
        return lost <= {run.id for run in await jobs.recent(status="done")}

    runner = DbosRunner(deps, jobs, KINDS, "another-process")
    await runner.start()
    assert await jobs.resume_orphans({holder, "another-process"}) == 0
    assert await jobs.resume_orphans({"another-process"}) == len(lost)
    await until(is_done)
    await jobs.aclose()
    await runner.stop(1)
    assert await count(deps, "failed") == SESSIONS


async def test_the_role_is_alone_under_its_name_and_ends_in_order_on_sigterm(deps: Deps, tenant: Tenant) -> None:
    """OPS-3: two processes with one name would run each other's work twice."""
    port = reserve_ports()
    async with jobs_process(deps, port) as process:
        await until(lambda: is_ready(port))
        async with jobs_process(deps, port) as second:
            async with asyncio.timeout(DEADLINE_S):
                _, refusal = await second.communicate()
        assert (second.returncode, b"cannot be used" in refusal) == (1, True)
        async with deps.database.transaction(None, read_only=True) as db:
            lease = (await db.execute(select(RoleLease))).scalar_one()
        assert (lease.role, lease.ready) == ("jobs", True)
        assert await get_json("127.0.0.1", port, "/healthz") == (200, {"status": "ok"})
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            _, errors = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in errors, errors.decode()
    async with deps.database.transaction(None, read_only=True) as db:
        assert (await db.execute(select(RoleLease))).scalars().all() == []
