"""The engine and the sessions of one process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy import create_engine as create_sync_engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from speko_core.db.guard import CROSS, ORGANIZATION, GuardedSession
from speko_core.db.sqlite import connect
from speko_core.settings import Settings

READ_ONLY = "speko_read_only"
# An error of the database goes into logs, and what people said or sealed is among its parameters.
_DISCREET = {"hide_parameters": True}


def _on_sqlite_connect(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # FULL: an acknowledged write survives a crash of the machine, not only of the process.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    # Each statement that reads sees what is committed, as in PostgreSQL's default isolation: it needs no transaction.
    # A deferred BEGIN that later writes fails with "database is locked" instead of waiting.
    if not connection.get_execution_options().get(READ_ONLY):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def create_engine(settings: Settings) -> AsyncEngine:
    """Build the async engine: aiosqlite in WAL mode, or psycopg."""
    if settings.uses_sqlite:
        options = {"isolation_level": None, "async_creator_fn": connect}
        engine = create_async_engine(settings.resolved_database_url, connect_args=options, **_DISCREET)
        event.listen(engine.sync_engine, "connect", _on_sqlite_connect)
        event.listen(engine.sync_engine, "begin", _on_sqlite_begin)
        return engine
    return create_async_engine(
        settings.resolved_database_url, pool_size=10, max_overflow=10, pool_pre_ping=True, pool_timeout=15, **_DISCREET
    )


def create_writer_engine(settings: Settings) -> Engine:
    """Build the synchronous engine of the group-commit thread: one connection, the same guarantees as the others."""
    if settings.uses_sqlite:
        url = settings.resolved_database_url.replace("sqlite+aiosqlite", "sqlite")
        engine = create_sync_engine(
            url, connect_args={"isolation_level": None, "check_same_thread": False}, **_DISCREET
        )
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
        return engine
    return create_sync_engine(
        settings.resolved_database_url,
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "options": "-c statement_timeout=15000"},
        **_DISCREET,
    )


class Database:
    """Opens transactions. One transaction is one use case; services never commit."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._write = async_sessionmaker(engine, sync_session_class=GuardedSession, expire_on_commit=False)
        self._read = async_sessionmaker(
            engine.execution_options(**{READ_ONLY: True}), sync_session_class=GuardedSession, expire_on_commit=False
        )

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite."""
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def transaction(
        self, organization_id: str | None, *, read_only: bool = False, all_organizations: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """Open a transaction inside an organization; commit on success, roll back on any exception.

        `all_organizations` lifts the guard for installation-wide work (sign-in, jobs, workers). What is `read_only`
        has nothing to commit and is rolled back.
        """
        factory = self._read if read_only else self._write
        async with factory() as session, AsyncExitStack() as writing:
            session.sync_session.info.update({ORGANIZATION: organization_id, CROSS: all_organizations})
            if not read_only:
                await writing.enter_async_context(session.begin())
            await self._apply_row_security(session, organization_id, all_organizations)
            yield session

    async def _apply_row_security(self, session: AsyncSession, organization_id: str | None, everything: bool) -> None:
        if self.is_sqlite:
            return
        statement = text(
            "SELECT set_config('speko.organization_id', :organization, true),"
            " set_config('speko.everything', :all, true)"
        )
        values: dict[str, Any] = {"organization": organization_id or "", "all": "on" if everything else "off"}
        await session.execute(statement, values, execution_options={CROSS: True})

    async def ping(self) -> None:
        """Run the cheapest query.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer.
        """
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def aclose(self) -> None:
        """Close the pool."""
        await self.engine.dispose()
