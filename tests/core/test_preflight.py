"""Configurations that cannot work are refused with one sentence that names what to change."""

import socket
from pathlib import Path

import pytest

from speko_core.db.engine import Database, create_engine
from speko_core.errors import ConfigurationError
from speko_core.preflight import check_database, check_database_url, check_ports
from speko_core.settings import Settings


def configured(folder: Path, **values: object) -> Settings:
    return Settings.model_validate({"data_dir": folder, **values})


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:secret@h/d", "postgresql://u:secret@h:port/d", "://"])
def test_an_unusable_database_url_is_named_without_its_password(tmp_path: Path, url: str) -> None:
    """OPS-1: a wrong database URL is one clear sentence."""
    with pytest.raises(ConfigurationError, match="SPEKO_DATABASE_URL") as caught:
        check_database_url(configured(tmp_path, database_url=url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "sqlite:///x.db", "postgres://u:p@h/d", "postgresql://u:p@h:5433/d?sslmode=require"]
)
def test_usual_database_urls_are_accepted(tmp_path: Path, url: str) -> None:
    """OPS-1: SQLite and PostgreSQL by configuration alone."""
    check_database_url(configured(tmp_path, database_url=url))


async def test_a_database_server_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    """OPS-1: an unreachable server is one clear sentence."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        settings = configured(tmp_path, database_url=f"postgresql://me:secret@127.0.0.1:{port}/speko")
        database = Database(create_engine(settings))
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}/speko does not answer") as caught:
            await check_database(database, settings)
        await database.aclose()
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """OPS-1: a wrong file is one clear sentence."""
    (tmp_path / "speko.sqlite").write_bytes(b"this is a text file, not a database" * 100)
    settings = configured(tmp_path)
    database = Database(create_engine(settings))
    with pytest.raises(ConfigurationError, match="not a SQLite database"):
        await check_database(database, settings)
    await database.aclose()


def test_a_taken_port_is_named_with_its_role_and_variable(tmp_path: Path) -> None:
    """OPS-1: an occupied port is one clear sentence."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = configured(tmp_path, jobs_port=port)
        with pytest.raises(ConfigurationError, match=f"Port {port} of the jobs role.*SPEKO_JOBS_PORT"):
            check_ports(settings, ("jobs",))
