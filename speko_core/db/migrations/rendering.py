"""How our own column types are written into migrations: as plain SQLAlchemy, so that old migrations keep running."""

from functools import cache
from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON

from speko_core.db.base import UtcDateTime

# Full text of PostgreSQL and SQLite is made by hand in the migrations: no model knows these.
_NOT_IN_MODELS = ("knowledge_chunks_fts", "ix_knowledge_chunks_full_text")


def include_object(item: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """Alembic hook: False for what the database has and the models do not mention on purpose."""
    made_by_hand = (name or "").startswith(_NOT_IN_MODELS) or (kind == "column" and name == "search")
    table = name if kind == "table" else getattr(getattr(item, "table", None), "name", None)
    return not (reflected and compare_to is None and (made_by_hand or table in _job_engine_tables()))


@cache
def _job_engine_tables() -> frozenset[str]:
    """The job engine keeps its tables in the same SQLite file and migrates them itself."""
    from dbos._schemas.system_database import SystemSchema

    return frozenset({"dbos_migrations", *(table.name for table in SystemSchema.metadata_obj.tables.values())})


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Alembic hook: the source text of a column type, or False for the default."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        return 'sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")'
    return False
