"""Is the schema the newest? Answered without loading the migration tool, because every start asks."""

from importlib import resources

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from speko_core.db.engine import Database


def newest_revision() -> str:
    """The revision of the last migration: file names begin with it and sort by age (a test holds this)."""
    folder = resources.files("speko_core.db") / "migrations" / "versions"
    names = [entry.name for entry in folder.iterdir() if entry.name.endswith(".py") and entry.name != "__init__.py"]
    return max(names).partition("_")[0]


async def is_current(database: Database) -> bool:
    """True when the newest migration was applied."""
    try:
        async with database.engine.connect() as connection:
            applied = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all()
    except SQLAlchemyError:  # no such table: nothing was ever applied
        return False
    return applied == [newest_revision()]
