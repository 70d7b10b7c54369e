"""The first job that a process enqueues, inside a transaction that holds SQLite's only write lock."""

import asyncio
from pathlib import Path

from speko_core.adapters.dbos_store import migrate_store
from speko_core.bootstrap import prepare
from speko_core.deps import Deps, build_deps
from speko_core.settings import Settings
from tests.conftest import MASTER_KEY, on_sqlite


@on_sqlite
async def test_the_first_job_does_not_wait_for_the_lock_its_own_transaction_holds(deps: Deps) -> None:
    """OPS-2: the jobs role has made the engine's tables; looking at them needs no lock."""
    await asyncio.to_thread(migrate_store, deps.settings)
    async with asyncio.timeout(15), deps.database.transaction(None, all_organizations=True) as db:
        await db.connection()
        await deps.jobs.enqueue("sessions.finalize", {}, job_id="first", within=db)
    assert [record.id for record in await deps.jobs.recent()] == ["first"]


async def test_a_web_role_that_starts_alone_can_enqueue_within_its_first_transaction(tmp_path: Path) -> None:
    """OPS-1, OPS-2: the first start makes the engine's tables with its own."""
    built = build_deps(Settings(data_dir=tmp_path, database_url="", master_key=MASTER_KEY, _env_file=None))
    await prepare(built)
    async with asyncio.timeout(15), built.database.transaction(None, all_organizations=True) as db:
        await db.connection()
        await built.jobs.enqueue("sessions.finalize", {}, job_id="first", within=db)
    assert [record.id for record in await built.jobs.recent()] == ["first"]
    await built.aclose()
