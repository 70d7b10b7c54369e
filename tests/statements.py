"""Statements compiled once for all tests of a process.

Each test has an engine of its own, and each engine would compile every statement anew: a quarter of what a test of a
door costs. A compiled statement belongs to its dialect, so engines of one kind share that, too.
"""

from sqlalchemy import Connection, Dialect
from sqlalchemy.util import LRUCache

CAPACITY = 4_000
_shared: dict[type[Dialect], tuple[Dialect, "LRUCache[object, object]"]] = {}


def share_compiled(connection: Connection) -> None:
    """Give the engine of a connection what the first of its kind has."""
    engine = connection.engine
    dialect, compiled = _shared.setdefault(type(engine.dialect), (engine.dialect, LRUCache(CAPACITY)))
    if engine._compiled_cache is not compiled:
        engine.dialect = connection.dialect = dialect
        engine._compiled_cache = compiled
