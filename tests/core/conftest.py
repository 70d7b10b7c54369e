"""A database that nobody has touched, on both engines."""

import secrets as random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from speko_core.settings import Settings
from tests.conftest import MASTER_KEY, POSTGRES_URL


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def untouched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings whose database holds no table yet."""
    if request.param == "sqlite":
        yield Settings(data_dir=tmp_path / "untouched", database_url="", master_key=MASTER_KEY, _env_file=None)
        return
    if not POSTGRES_URL:
        pytest.skip("SPEKO_TEST_POSTGRES_URL is not set: no PostgreSQL server to test on")
    name = f"speko_untouched_{random.token_hex(6)}"
    server = create_engine(POSTGRES_URL.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = POSTGRES_URL.rsplit("/", 1)[0] + f"/{name}"
    yield Settings(data_dir=tmp_path / "untouched", database_url=url, master_key=MASTER_KEY, _env_file=None)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()
