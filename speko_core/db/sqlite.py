"""SQLite behind a thread, with as few switches to that thread as possible.

aiosqlite hands each step of a statement to the connection's thread by itself: make a cursor, execute, fetch, close, end
the transaction. Each switch costs more than a small query. Here a statement with its rows is one, and ending a
transaction that never began is none.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from typing import ParamSpec, Self, TypeVar

from aiosqlite import Connection

P = ParamSpec("P")
R = TypeVar("R")
Row = tuple[object, ...]
# aiosqlite's for reading row by row, which nothing here does.
_CHUNK = 64


class WholeCursor:
    """A cursor that holds all rows of its statement; what SQLAlchemy's adapter asks of one."""

    def __init__(self, connection: "FewSwitches") -> None:
        self._connection = connection
        self._rows: list[Row] = []
        self.description: object = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        """Nothing is open yet."""
        return self

    async def execute(self, sql: str, parameters: Iterable[object] = ()) -> Self:
        """Run a statement and take its rows, in one switch."""
        await self._connection.run(self._take, sqlite3.Cursor.execute, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[object]]) -> Self:
        """Run a statement for each set of parameters, in one switch."""
        await self._connection.run(self._take, sqlite3.Cursor.executemany, sql, parameters)
        return self

    def _take(self, method: Callable[..., sqlite3.Cursor], sql: str, parameters: Iterable[object]) -> None:
        cursor = self._connection.database.cursor()
        try:
            method(cursor, sql, parameters)
            self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
            self._rows = cursor.fetchall() if cursor.description else []
        finally:
            cursor.close()

    async def fetchall(self) -> list[Row]:
        """The rows."""
        return self._rows

    async def close(self) -> None:
        """Nothing is left open."""


class FewSwitches(Connection):
    """An aiosqlite connection that switches threads once a statement."""

    # A cancelled caller leaves its statement running: whether a transaction is open is then known to the thread alone.
    _left_behind = False

    @property
    def database(self) -> sqlite3.Connection:
        """The connection itself, for use in its own thread."""
        return self._conn

    async def run(self, function: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        """Run a function in the connection's thread."""
        try:
            result: R = await self._execute(function, *given, **named)  # type: ignore[no-untyped-call]  # aiosqlite's
        except asyncio.CancelledError:
            self._left_behind = True
            raise
        return result

    def cursor(self) -> WholeCursor:  # type: ignore[override]  # what the adapter needs of one
        """A cursor; made in the thread when it has something to do."""
        return WholeCursor(self)

    async def commit(self) -> None:
        """Commit what was begun."""
        if self._may_be_in_transaction():
            await self.run(self._conn.commit)

    async def rollback(self) -> None:
        """Roll back what was begun."""
        if self._may_be_in_transaction():
            await self.run(self._conn.rollback)

    def _may_be_in_transaction(self) -> bool:
        return self._left_behind or self._conn.in_transaction


def connect(database: str, **options: object) -> FewSwitches:
    """A connection for SQLAlchemy's `async_creator_fn`; it opens when awaited."""
    connection = FewSwitches(lambda: sqlite3.connect(database, **options), _CHUNK)  # type: ignore[call-overload]
    # A process that ends does not wait for it.
    connection._thread.daemon = True
    return connection
