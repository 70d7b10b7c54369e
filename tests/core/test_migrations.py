"""Migrations bring any database to the schema of the code, whoever starts first."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from speko_core.db.guard import ORGANIZATION
from speko_core.db.migrate import pending, upgrade
from speko_core.db.migrations.rendering import include_object
from speko_core.db.tables import METADATA
from speko_core.settings import Settings


def _engine(settings: Settings) -> Engine:
    return create_engine(settings.resolved_database_url.replace("+aiosqlite", ""))


def test_the_migrated_schema_is_the_one_of_the_models(untouched: Settings) -> None:
    """OPS-1"""
    untouched.data_dir.mkdir()
    upgrade(untouched)
    engine = _engine(untouched)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False, "include_object": include_object})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_upgrading_twice_changes_nothing(settings: Settings) -> None:
    """OPS-1"""
    upgrade(settings)
    assert not pending(settings)


def test_row_security_covers_every_organization_scoped_table(settings: Settings) -> None:
    """ORG-1"""
    if settings.uses_sqlite:
        pytest.skip("row-level security is a feature of PostgreSQL")
    engine = _engine(settings)
    with engine.connect() as connection:
        forced = text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        protected = {row[0] for row in connection.execute(forced)}
    engine.dispose()
    assert protected == {table.name for table in METADATA.sorted_tables if ORGANIZATION in table.c}


def test_four_processes_that_start_at_once_all_find_the_schema(tmp_path: Path) -> None:
    """OPS-1: without the lock, three of four fail."""
    program = (
        "import sys; from pathlib import Path; from speko_core.db.migrate import upgrade; "
        "from speko_core.settings import Settings; upgrade(Settings(data_dir=Path(sys.argv[1]), database_url=''))"
    )
    folder = str(tmp_path)
    started = [subprocess.Popen([sys.executable, "-c", program, folder]) for _ in range(4)]
    assert [process.wait(timeout=50) for process in started] == [0, 0, 0, 0]
