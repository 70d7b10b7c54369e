"""SQLite's thread is asked as little as possible, and never left holding the lock of somebody who went away."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from speko_core.accounts.models import Organization
from speko_core.db.sqlite import FewSwitches, connect
from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite


class Counted(FewSwitches):
    """Counts what its thread is asked."""

    asked = 0

    async def _execute(self, fn: object, *args: object, **kwargs: object) -> object:
        self.asked += 1
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]


@pytest.fixture(name="connection")
async def counted() -> AsyncIterator[Counted]:
    """An open connection to a database in memory."""
    opened = Counted(lambda: sqlite3.connect(":memory:", isolation_level=None), 1)
    await opened
    yield opened
    await opened.close()


async def test_a_statement_with_its_rows_is_one_switch_and_ending_nothing_is_none(connection: Counted) -> None:
    """OPS-1"""
    cursor = await connection.cursor().execute("SELECT 1 UNION SELECT ?", (2,))
    assert (await cursor.fetchall(), connection.asked) == ([(1,), (2,)], 1)
    await cursor.close()
    await connection.commit()
    await connection.rollback()
    assert connection.asked == 1


async def test_what_was_begun_is_ended(connection: Counted) -> None:
    """OPS-1"""
    for sql in ("CREATE TABLE t (n)", "BEGIN IMMEDIATE"):
        await connection.cursor().execute(sql)
    await connection.cursor().executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    await connection.rollback()
    rows = await (await connection.cursor().execute("SELECT * FROM t")).fetchall()
    assert (rows, connection.in_transaction) == ([], False)


async def test_a_refused_statement_is_told_in_sqlites_words(connection: Counted) -> None:
    """OPS-1"""
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await connection.cursor().execute("SELECT * FROM nowhere")


@on_sqlite
async def test_a_writer_that_gives_up_waiting_leaves_no_lock_behind(deps: Deps, tenant: Tenant) -> None:
    """OPS-1"""
    holder = sqlite3.connect(deps.settings.sqlite_path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with deps.database.transaction(tenant.organization_id) as db:
            (await db.get_one(Organization, tenant.organization_id)).name = "never"

    waiting = asyncio.create_task(write())
    await asyncio.wait({waiting}, timeout=0.05)
    waiting.cancel()
    holder.execute("COMMIT")
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5), deps.database.transaction(tenant.organization_id) as db:
        (await db.get_one(Organization, tenant.organization_id)).name = "after"
    names = holder.execute("SELECT name FROM organizations WHERE id = ?", (tenant.organization_id,)).fetchall()
    holder.close()
    assert names == [("after",)]


@on_sqlite
async def test_reading_sees_what_is_committed_in_between(deps: Deps, tenant: Tenant) -> None:
    """OPS-1: as in PostgreSQL's default isolation."""
    name = select(Organization.name).where(Organization.id == tenant.organization_id)
    async with deps.database.transaction(tenant.organization_id, read_only=True) as reading:
        await reading.execute(name)
        async with deps.database.transaction(tenant.organization_id) as db:
            (await db.get_one(Organization, tenant.organization_id)).name = "new"
        assert (await reading.execute(name)).scalar_one() == "new"


async def test_a_connection_is_opened_by_awaiting_it() -> None:
    """OPS-1"""
    opened = await connect(":memory:", isolation_level=None)
    assert await (await opened.cursor().execute("SELECT 1")).fetchall() == [(1,)]  # type: ignore[attr-defined]
    await opened.close()
