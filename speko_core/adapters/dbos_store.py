"""Facts about the job engine's tables that its client and its runner share.

The tables live in the product's own database (the same SQLite file, or the schema `dbos` on PostgreSQL), so that work
can be enqueued inside the transaction that causes it.
"""

import sqlite3
from contextlib import closing

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from dbos._migration import sqlite_migrations
from sqlalchemy import make_url

from speko_core.settings import Settings

APPLICATION = "speko"
# Not a hash of the source, which is the engine's default: work that is pending must survive an upgrade of the code.
APPLICATION_VERSION = "1"
SCHEMA = "dbos"
# Starts of one poll are bounded by this; handlers are short, and a sleeping one holds its slot.
WORKER_CONCURRENCY = 8
# Reading a document may take a processor and a gigabyte.
DOCUMENTS_AT_ONCE = 2
POLL_S = 1.0
DELIVERIES_POLL_S = 0.25
_POOL = 3


def store_url(settings: Settings) -> str:
    """The product's database, with a synchronous driver as the engine wants."""
    driver = "sqlite" if settings.uses_sqlite else "postgresql+psycopg"
    return make_url(settings.resolved_database_url).set(drivername=driver).render_as_string(hide_password=False)


def migrate_store(settings: Settings) -> None:
    """Create or upgrade the engine's tables; concurrent callers wait for the first. Blocks.

    On SQLite the engine takes the write lock only to look. A process whose first job is enqueued within a transaction
    holds that lock itself and would wait for it in vain, so we look first, reading.
    """
    if not (settings.uses_sqlite and _is_current(make_url(store_url(settings)).database)):
        DBOS.migrate(store_url(settings), schema=SCHEMA)


def migrate_file(path: str) -> None:
    """The same for an SQLite file alone."""
    if not _is_current(path):
        DBOS.migrate(f"sqlite:///{path}", schema=SCHEMA)


def _is_current(path: str | None) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            applied = connection.execute("SELECT max(version) FROM dbos_migrations").fetchone()[0]
    except sqlite3.OperationalError:  # no such file or table: nothing was ever applied
        return False
    return bool(applied == len(sqlite_migrations))


def open_client(settings: Settings) -> DBOSClient:
    """A client on existing tables. Blocks."""
    return DBOSClient(
        system_database_url=store_url(settings),
        dbos_system_schema=SCHEMA,
        serializer=DBOSPortableJSONSerializer(),
        system_database_pool_size=_POOL,
        application_name=APPLICATION,
        retry_connection_errors=False,
    )


def engine_config(settings: Settings, executor_id: str) -> DBOSConfig:
    """Configuration of the one process that runs work.

    `executor_id` is unique among live processes and the same after a restart: it is how a process finds the work
    that it left unfinished.
    """
    return DBOSConfig(
        name=APPLICATION,
        system_database_url=store_url(settings),
        dbos_system_schema=SCHEMA,
        sys_db_pool_size=_POOL,
        executor_id=executor_id,
        application_version=APPLICATION_VERSION,
        serializer=DBOSPortableJSONSerializer(),
        use_listen_notify=False,
        run_migrations=False,  # `migrate_store` has been called
        max_executor_threads=WORKER_CONCURRENCY,
        log_level="WARNING",
    )
