"""How our own column types are written into migrations: as plain SQLAlchemy, so that old migrations keep running."""

from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON

from speko_core.db.base import UtcDateTime


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Alembic hook: the source text of a column type, or False for the default."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        return 'sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")'
    return False
