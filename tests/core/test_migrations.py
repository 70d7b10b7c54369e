"""Migrations bring any database to the schema of the code, whoever starts first."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

from speko_core.db.guard import ORGANIZATION
from speko_core.db.migrate import alembic_config, pending, upgrade
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


MOMENT = "2026-01-01 00:00:00+00:00"
ACME = f"""INSERT INTO organizations (id, name, recording_enabled, hipaa_mode, created_at, updated_at)
    VALUES ('org_1', 'Acme', true, false, '{MOMENT}', '{MOMENT}')"""
BARE_AGENT = f"""INSERT INTO agents (id, organization_id, name, config, version, created_at, updated_at)
    VALUES ('agent_1', 'org_1', 'Old', '{{}}', 1, '{MOMENT}', '{MOMENT}')"""


def test_agents_from_before_knowledge_bases_get_one(settings: Settings) -> None:
    """AGT-6: once; an agent that has one keeps to it."""
    engine = _engine(settings)
    with engine.begin() as connection:
        if not settings.uses_sqlite:
            connection.execute(text("SELECT set_config('speko.everything', 'on', true)"))
        connection.execute(text(ACME))
        connection.execute(text(BARE_AGENT))
        for _ in range(2):
            _again(connection, "0016")
        found = connection.execute(text("SELECT agent_id, organization_id, name FROM knowledge_bases")).all()
    engine.dispose()
    assert [tuple(row) for row in found] == [("agent_1", "org_1", "Default")]


def _again(connection: Connection, revision: str) -> None:
    """Run one migration that only changes rows, on a schema that is newer."""
    module = ScriptDirectory.from_config(alembic_config()).get_revision(revision).module
    with Operations.context(MigrationContext.configure(connection)):
        module.upgrade()
