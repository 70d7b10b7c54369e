"""Many rows into one table, for the writer's thread: compiled once, and only what a value needs is done to it.

SQLAlchemy's own way costs as much a row as writing it does. Statement, casts and conversions are SQLAlchemy's all the
same, asked of it once for each table and engine.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

Values = Mapping[str, Any]


def insert_all(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows that name every column of the table; columns' defaults do not apply.

    Raises:
        KeyError: a row lacks a column.
        sqlalchemy.exc.DBAPIError: not one of them was inserted.
    """
    if rows:
        _insertion(table, connection.dialect).run(connection, rows)


@lru_cache(maxsize=64)
def _insertion(table: Table, dialect: Dialect) -> "_Insertion":
    return _Insertion(table, dialect)


class _Insertion:
    """The statement of one table on one engine."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        compiled = insert(table).compile(dialect=dialect)
        self._sql, self._order = str(compiled), compiled.positiontup
        self._names = self._order or [column.name for column in table.columns]
        converters = (
            (column.name, column.type.dialect_impl(dialect).bind_processor(dialect)) for column in table.columns
        )
        self._converters: list[tuple[str, Callable[[Any], Any]]] = [(name, one) for name, one in converters if one]

    def run(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Insert."""
        named = [self._converted(row) for row in rows]
        positional = [tuple([row[name] for name in self._names]) for row in named] if self._order else None
        connection.exec_driver_sql(self._sql, positional or named)

    def _converted(self, row: Values) -> dict[str, Any]:
        found = {name: row[name] for name in self._names}
        for name, convert in self._converters:
            found[name] = convert(found[name])
        return found
