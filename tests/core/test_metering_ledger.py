"""Usage, entries and balance say the same, whatever happens at the same time."""

import asyncio

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from speko_core.db.guard import CROSS
from speko_core.deps import Deps, build_deps
from speko_core.errors import Unavailable
from speko_core.metering.group_commit import GroupCommit
from speko_core.metering.models import LedgerEntry, UsageEvent
from tests.conftest import Tenant
from tests.core.metering_kit import assert_exact, managed


async def test_a_thousand_concurrent_debits_lose_and_double_nothing(deps: Deps, tenant: Tenant) -> None:
    """MTR-3"""
    await asyncio.gather(*(deps.journal.record(managed(tenant.organization_id, n)) for n in range(1, 1001)))
    assert await assert_exact(deps, tenant.organization_id) == 1000


async def test_two_processes_debit_one_organization_without_losing_an_update(deps: Deps, tenant: Tenant) -> None:
    """MTR-3: each process knows of the other only through the database."""
    second = build_deps(deps.settings)
    try:
        calls = [one.journal.record(managed(tenant.organization_id)) for one in (deps, second) for _ in range(200)]
        await asyncio.gather(*calls)
    finally:
        await second.aclose()
    assert await assert_exact(deps, tenant.organization_id) == 400


async def test_many_organizations_in_one_group_keep_their_own_books(
    deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-1"""
    calls = [managed(one.organization_id, 10 + n) for n in range(20) for one in (tenant, other_tenant)]
    await asyncio.gather(*map(deps.journal.record, calls))
    assert await assert_exact(deps, tenant.organization_id) == 20
    assert await assert_exact(deps, other_tenant.organization_id) == 20


async def test_a_call_with_an_own_key_or_offline_is_counted_and_costs_nothing(deps: Deps, tenant: Tenant) -> None:
    """MTR-1"""
    await deps.journal.record(managed(tenant.organization_id, source="BYOK"))
    await deps.journal.record(managed(tenant.organization_id, source="NONE"))
    assert await assert_exact(deps, tenant.organization_id) == 2
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        assert (await db.execute(select(LedgerEntry))).scalars().all() == []


async def test_a_row_that_can_never_be_written_fails_alone(deps: Deps, tenant: Tenant) -> None:
    """MTR-3: one poisoned call must not take its neighbours' bookkeeping with it."""
    calls = [managed(tenant.organization_id), managed("org_that_is_gone"), managed(tenant.organization_id)]
    outcomes = await asyncio.gather(*map(deps.journal.record, calls), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), Unavailable, type(None)]
    assert await assert_exact(deps, tenant.organization_id) == 2


async def test_a_caller_that_goes_away_is_still_booked(deps: Deps, tenant: Tenant) -> None:
    """ONE-7: what was consumed is metered."""
    waiting = asyncio.create_task(deps.journal.record(managed(tenant.organization_id)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await deps.journal.drain()
    assert await assert_exact(deps, tenant.organization_id) == 1


async def test_closing_writes_what_is_queued(deps: Deps, tenant: Tenant) -> None:
    """OPS-3: an orderly end loses nothing."""
    second = build_deps(deps.settings)
    waiting = asyncio.create_task(second.journal.record(managed(tenant.organization_id)))
    await asyncio.sleep(0)
    await second.aclose()
    await waiting
    assert await assert_exact(deps, tenant.organization_id) == 1


async def test_a_retry_after_an_unclear_commit_books_once(deps: Deps, tenant: Tenant) -> None:
    """MTR-3: the connection may break after the commit and before its answer."""
    books = deps.journal.books
    booking = deps.journal.booking(managed(tenant.organization_id))
    await asyncio.to_thread(books.write, [booking], False)
    await asyncio.to_thread(books.write, [booking], True)
    assert await assert_exact(deps, tenant.organization_id) == 1


async def test_usage_and_entry_are_in_one_transaction(deps: Deps, tenant: Tenant) -> None:
    """MTR-3: when the entry cannot be written, neither is the usage."""
    booking = deps.journal.booking(managed(tenant.organization_id))
    assert booking.debit is not None
    unknown_kind = booking.debit._replace(entry={**booking.debit.entry, "kind": "gift"})
    with pytest.raises(IntegrityError):
        await asyncio.to_thread(deps.journal.books.write, [booking._replace(debit=unknown_kind)], False)
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        assert (await db.execute(select(UsageEvent))).scalars().all() == []
    assert await assert_exact(deps, tenant.organization_id) == 0


async def test_an_unknown_session_attributes_nothing_and_fails_nothing(
    deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ONE-12, wire 14.18: and another organization's session is unknown."""
    theirs = "11111111-2222-3333-4444-555555555555"
    for session_id in ("no such session", "\x00", theirs):
        await deps.journal.record(managed(tenant.organization_id, session_id=session_id))
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        found = (await db.execute(select(UsageEvent.session_id))).scalars().all()
    assert found == [None, None, None]


async def test_a_full_queue_refuses_new_calls_and_takes_back_none() -> None:
    """MTR-3: bounded, and what was admitted is written."""
    release = asyncio.Event()
    loop = asyncio.get_running_loop()
    written: list[int] = []

    def write(rows: object, again: bool) -> None:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)
        written.extend(rows)  # type: ignore[call-overload]

    groups: GroupCommit[int, None] = GroupCommit(write, lambda _: None, capacity=3)
    calls = [asyncio.create_task(groups.commit(number)) for number in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        groups.check_room()
    release.set()
    await asyncio.gather(*calls)
    groups.check_room()
    await groups.aclose()
    assert written == [0, 1, 2]


async def test_the_database_refuses_a_second_debit_of_one_call(deps: Deps, tenant: Tenant) -> None:
    """MTR-3: unique in the schema, not only in the code."""
    await deps.journal.record(managed(tenant.organization_id))
    again = text(
        "INSERT INTO ledger_entries SELECT 'led_2', organization_id, kind, amount_micro_usd, balance_after_micro_usd,"
        " metric, provider, session_id, usage_id, note, created_at FROM ledger_entries"
    )
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        async with deps.database.transaction(tenant.organization_id) as db:
            await db.execute(again, execution_options={CROSS: True})
