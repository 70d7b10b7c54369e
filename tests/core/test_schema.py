"""The cheap answer to "is the schema the newest?" agrees with the migration tool."""

from alembic.script import ScriptDirectory

from speko_core.db.migrate import alembic_config
from speko_core.db.schema import is_current, newest_revision
from speko_core.deps import Deps, build_deps
from speko_core.settings import Settings


def test_the_newest_file_is_the_head_of_the_migrations() -> None:
    """OPS-1: a new migration is never overlooked at start."""
    assert newest_revision() == ScriptDirectory.from_config(alembic_config()).get_current_head()


async def test_an_empty_database_is_not_current(untouched: Settings) -> None:
    """OPS-1: the first start migrates."""
    empty = build_deps(untouched)
    try:
        assert not await is_current(empty.database)
    finally:
        await empty.aclose()


async def test_a_migrated_database_is_current(deps: Deps) -> None:
    """OPS-1: the second start does not migrate."""
    assert await is_current(deps.database)
