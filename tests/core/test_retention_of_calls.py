"""How long what is known of single calls is kept: decisions and usage go, the books stay."""

import asyncio

from sqlalchemy import func, select

from speko_core.metering.journal import Journal
from speko_core.metering.models import UsageEvent
from speko_core.privacy import retention
from speko_core.routing.decisions_models import RoutingDecision
from tests.conftest import Tenant, with_deps
from tests.core.metering_kit import books, managed
from tests.core.test_jobs import Later, later

__all__ = ["later"]

DAY_S = 86_400
CALLS = retention.CALL_BATCH + 5


async def called(later: Later, organization_id: str) -> None:
    """Calls of now, with their decisions."""
    journal = Journal(later.deps.settings, later.clock, later.deps.credit)
    await asyncio.gather(*(journal.record(managed(organization_id)) for _ in range(CALLS)))
    await journal.aclose()
    now = later.clock.now()
    async with later.deps.database.transaction(organization_id) as db:
        made = [
            RoutingDecision(
                organization_id=organization_id,
                id=f"dec_{now:%j%H%M}_{number}",
                modality="llm",
                snapshot_id="s",
                policy_id="p",
                offers_id="o",
                call="{}",
                ranked="[]",
                created_at=now,
            )
            for number in range(CALLS)
        ]
        db.add_all(made)


async def left(later: Later, organization_id: str) -> tuple[int, int]:
    """Decisions and usage rows."""
    async with later.deps.database.transaction(organization_id, read_only=True) as db:
        decisions = (await db.execute(select(func.count(RoutingDecision.id)))).scalar_one()
        return decisions, (await db.execute(select(func.count(UsageEvent.id)))).scalar_one()


async def swept(later: Later) -> tuple[object, object]:
    report = await retention.sweep(later.deps, {})
    return report["decisions"], report["usageRows"]


async def test_decisions_and_usage_go_in_their_time_and_the_ledger_stays(later: Later, tenant: Tenant) -> None:
    """OPS-4, MTR-3: also when there is more than one batch of them."""
    await called(later, tenant.organization_id)
    later.clock.advance(399 * DAY_S)
    assert await swept(later) == (0, 0)
    later.clock.advance(2 * DAY_S)
    await called(later, tenant.organization_id)
    assert await swept(later) == (CALLS, 0)
    assert await left(later, tenant.organization_id) == (CALLS, 2 * CALLS)
    later.clock.advance(400 * DAY_S)
    assert await swept(later) == (0, CALLS)
    assert await left(later, tenant.organization_id) == (CALLS, CALLS)
    balance, entries, _, _ = await books(later.deps, tenant.organization_id)
    assert balance == entries == -2 * CALLS * 100


async def test_an_installation_may_keep_them_for_good(later: Later, tenant: Tenant) -> None:
    """OPS-4"""
    settings = later.deps.settings.model_copy(update={"decision_retention_days": 0, "usage_retention_days": 0})
    kept = Later(with_deps(later.deps, settings=settings), later.clock, later.jobs, later.rest)
    await called(kept, tenant.organization_id)
    kept.clock.advance(10_000 * DAY_S)
    assert await swept(kept) == (0, 0)
    assert await left(kept, tenant.organization_id) == (CALLS, CALLS)
