"""The finalizer and the retention sweep, stepping on a moved clock."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from speko_core import leases
from speko_core.accounts.models import AuditEntry, IdempotencyRecord, Organization, RoleLease, SignInLink
from speko_core.adapters.inline_jobs import InlineJobs
from speko_core.deps import Deps
from speko_core.jobs import KINDS
from speko_core.ports.jobs import JobRecord
from speko_core.sessions.models import SessionTurn
from tests.conftest import Tenant, rest_client, with_deps
from tests.core.sessions_kit import create, running, status, turn
from tests.twins import MovedClock


@dataclass
class Later:
    """An installation whose time a test moves; its jobs run when told to."""

    deps: Deps
    clock: MovedClock
    jobs: InlineJobs
    rest: httpx.AsyncClient

    async def pass_time(self, seconds: float) -> list[JobRecord]:
        """Move on and run what is due; the runs that this started."""
        self.clock.advance(seconds)
        before = {record.id for record in await self.jobs.recent(limit=1000)}
        await self.jobs.run_due(self.deps)
        return [record for record in await self.jobs.recent(limit=1000) if record.id not in before]


@pytest.fixture
async def later(deps: Deps, tenant: Tenant) -> AsyncIterator[Later]:
    clock = MovedClock()
    jobs = InlineJobs(KINDS, clock)
    moved = with_deps(deps, clock=clock, jobs=jobs)
    async with rest_client(moved, tenant.key) as client:
        yield Later(moved, clock, jobs, client)


async def test_a_session_whose_worker_died_is_failed_and_keeps_its_turns(later: Later, tenant: Tenant) -> None:
    """OPS-2"""
    async with running(later.deps, later.rest, tenant.agent_id) as session:
        await session.post_turns(turn(0), turn(1, "bye"))
        await later.pass_time(15)
        assert (await status(later.rest, session.id))["status"] == "active"
        await later.pass_time(10)
        seen = await status(later.rest, session.id)
        assert (seen["status"], seen["endReason"], seen["turnCount"]) == ("failed", "worker_lost", 2)
        assert await session.heartbeat() == "failed"
        await session.post_turns(turn(2, "late"))
        assert (await session.finish("ended", "user")).json() == {"status": "failed"}
    assert (await status(later.rest, session.id))["turnCount"] == 3


async def test_a_session_with_a_heartbeat_runs_on(later: Later, tenant: Tenant) -> None:
    """OPS-2"""
    async with running(later.deps, later.rest, tenant.agent_id, ttlSeconds=120) as session:
        for _ in range(23):
            await later.pass_time(5)
            assert await session.heartbeat() == "active"


async def test_a_session_that_nobody_joined_expires(later: Later, tenant: Tenant) -> None:
    """SES-1"""
    made = await create(later.rest, tenant.agent_id, ttlSeconds=60)
    await later.pass_time(59)
    assert (await status(later.rest, made["sessionId"]))["status"] == "created"
    await later.pass_time(6)
    seen = await status(later.rest, made["sessionId"])
    assert (seen["status"], seen["endReason"], seen["durationSeconds"]) == ("expired", "expired", None)


async def test_a_session_past_its_time_ends_although_its_worker_still_answers(later: Later, tenant: Tenant) -> None:
    """SES-1"""
    async with running(later.deps, later.rest, tenant.agent_id, ttlSeconds=60) as session:
        for _ in range(15):
            await later.pass_time(5)
            await session.heartbeat()
        assert (await status(later.rest, session.id))["status"] == "active"
        await later.pass_time(6)
        assert await session.heartbeat() == "ended"
    assert (await status(later.rest, session.id))["endReason"] == "timeout"


async def test_a_session_asked_to_end_whose_worker_died_is_ended_not_failed(later: Later, tenant: Tenant) -> None:
    """SES-1"""
    async with running(later.deps, later.rest, tenant.agent_id) as session:
        await later.rest.post(f"/v1/sessions/{session.id}/end")
        await later.pass_time(30)
    seen = await status(later.rest, session.id)
    assert (seen["status"], seen["endReason"]) == ("ended", "requested")


async def test_many_overdue_sessions_of_several_organizations_are_closed_in_one_run(
    later: Later, tenant: Tenant, other_tenant: Tenant
) -> None:
    """OPS-2"""
    async with rest_client(later.deps, other_tenant.key) as other:
        for _ in range(3):
            await create(later.rest, tenant.agent_id, ttlSeconds=10)
            await create(other, other_tenant.agent_id, ttlSeconds=10)
        runs = {record.name: record.result for record in await later.pass_time(11)}
        assert runs["sessions.finalize"] == {"expired": 6}
        assert [record.name for record in await later.pass_time(60)] == []


async def test_transcripts_may_go_before_their_sessions(later: Later, tenant: Tenant) -> None:
    """ORG-6"""
    await later.pass_time(0)
    await later.rest.patch("/v1/organization", json={"retentionDays": 30, "transcriptRetentionDays": 1})
    async with running(later.deps, later.rest, tenant.agent_id) as session:
        await session.post_turns(turn(0), turn(1))
        await session.finish()
    runs = {record.name: record.result for record in await later.pass_time(86_400 + 3600)}
    report = runs["retention.sweep"]
    assert report is not None
    assert (report["sessions"], report["turns"]) == (0, 2)
    assert (await status(later.rest, session.id))["turnCount"] == 0


async def test_what_is_past_the_organizations_retention_is_deleted_and_reported(
    later: Later, tenant: Tenant, other_tenant: Tenant
) -> None:
    """OPS-4"""
    await later.pass_time(0)
    async with later.deps.database.transaction(tenant.organization_id) as db:
        await db.execute(update(Organization).where(Organization.id == tenant.organization_id).values(retention_days=2))
    async with rest_client(later.deps, other_tenant.key) as other:
        async with running(later.deps, other, other_tenant.agent_id) as kept:
            await kept.post_turns(turn(0))
            await kept.finish()
        async with running(later.deps, later.rest, tenant.agent_id) as old:
            await old.post_turns(turn(0), turn(1))
            await old.finish()
        later.clock.advance(86_400)
        async with running(later.deps, later.rest, tenant.agent_id) as young:
            await young.post_turns(turn(0))
            await young.finish()
        runs = {record.name: record.result for record in await later.pass_time(86_400 + 3600)}
        report = runs["retention.sweep"]
        assert report is not None
        assert (report["sessions"], report["turns"]) == (1, 2)
        assert (await later.rest.get(f"/v1/sessions/{old.id}")).status_code == 404
        assert (await status(later.rest, young.id))["turnCount"] == 1
        assert (await status(other, kept.id))["turnCount"] == 1
    async with later.deps.database.transaction(None, all_organizations=True) as db:
        left = (await db.execute(select(SessionTurn.session_id))).scalars().all()
        audited = (
            (await db.execute(select(AuditEntry).where(AuditEntry.operation == "retention.sweep"))).scalars().all()
        )
    assert sorted(left) == sorted([young.id, kept.id])
    assert [(entry.organization_id, entry.resource_id) for entry in audited] == [
        (tenant.organization_id, "sessions=1 turns=2")
    ]


async def test_a_running_session_is_never_swept(later: Later, tenant: Tenant) -> None:
    """OPS-4"""
    moved = with_deps(later.deps, settings=later.deps.settings.model_copy(update={"metadata_retention_days": 1}))
    later = Later(moved, later.clock, later.jobs, later.rest)
    async with running(later.deps, later.rest, tenant.agent_id, ttlSeconds=86_400) as session:
        for _ in range(24):
            later.clock.advance(3600 - 10)
            await session.heartbeat()
            await later.pass_time(10)
        assert (await status(later.rest, session.id))["status"] == "active"


async def test_spent_credentials_and_dead_leases_are_swept(later: Later, tenant: Tenant) -> None:
    """OPS-4"""
    now = later.clock.now()
    hour = timedelta(hours=1)
    links = [
        SignInLink(digest="used", user_id=tenant.user_id, created_at=now, expires_at=now + 9 * hour, used_at=now),
        SignInLink(digest="expired", user_id=tenant.user_id, created_at=now, expires_at=now + hour),
        SignInLink(digest="open", user_id=tenant.user_id, created_at=now, expires_at=now + 100 * hour),
    ]
    async with later.deps.database.transaction(None, all_organizations=True) as db:
        db.add_all(links)
        await leases.renew(db, leases.Lease("worker-old", "worker"), now)
    await later.rest.post("/v1/sessions", json={"agentId": tenant.agent_id}, headers={"Idempotency-Key": "k"})
    later.clock.advance(23 * 3600)
    assert await _swept(later, 0) == {"idempotencyKeys": 0, "signInLinks": 2, "roleLeases": 1}
    assert await _swept(later, 3601) == {"idempotencyKeys": 1, "signInLinks": 0, "roleLeases": 0}
    async with later.deps.database.transaction(None, all_organizations=True) as db:
        assert (await db.execute(select(SignInLink.digest))).scalars().all() == ["open"]
        assert (await db.execute(select(RoleLease))).scalars().all() == []
        assert (await db.execute(select(IdempotencyRecord))).scalars().all() == []


async def _swept(later: Later, seconds: float) -> dict[str, object]:
    runs = {record.name: record.result for record in await later.pass_time(seconds)}
    report = runs["retention.sweep"]
    assert report is not None
    return {name: report[name] for name in ("idempotencyKeys", "signInLinks", "roleLeases")}
