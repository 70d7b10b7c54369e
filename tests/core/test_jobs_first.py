"""The first job that a process enqueues, inside a transaction that holds SQLite's only write lock."""

import asyncio

import pytest

from speko_core.adapters.dbos_store import migrate_store
from speko_core.deps import Deps

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_the_first_job_does_not_wait_for_the_lock_its_own_transaction_holds(deps: Deps) -> None:
    """OPS-2: the jobs role has made the engine's tables; looking at them needs no lock."""
    await asyncio.to_thread(migrate_store, deps.settings)
    async with asyncio.timeout(15), deps.database.transaction(None, all_organizations=True) as db:
        await db.connection()
        await deps.jobs.enqueue("sessions.finalize", {}, job_id="first", within=db)
    assert [record.id for record in await deps.jobs.recent()] == ["first"]
