"""Bringing the schema up to date at start, under a lock, by whichever process comes first."""

from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from speko_core.errors import ConfigurationError
from speko_core.settings import Settings

# Any constant: PostgreSQL advisory locks are numbers shared by all clients of a database.
_LOCK = 7_735_366_001


def alembic_config() -> Config:
    """Alembic's configuration, pointing into the package."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("speko_core.db") / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _sync_url(settings: Settings) -> str:
    return settings.resolved_database_url.replace("sqlite+aiosqlite", "sqlite")


def upgrade(settings: Settings) -> None:
    """Apply every pending migration; concurrent callers wait for the first.

    Raises:
        ConfigurationError: the database URL is wrong or the server does not answer.
    """
    arguments: dict[str, object] = (
        {"isolation_level": None, "timeout": 30} if settings.uses_sqlite else {"connect_timeout": 10}
    )
    try:
        engine = create_engine(_sync_url(settings), connect_args=arguments)
        if settings.uses_sqlite:
            event.listen(engine, "begin", _begin_immediate)
        with engine.begin() as connection:
            if not settings.uses_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        engine.dispose()
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigurationError(f"SPEKO_DATABASE_URL is not a usable database URL ({type(error).__name__}).") from None
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise ConfigurationError(f"The database of SPEKO_DATABASE_URL cannot be opened: {cause}") from None


def pending(settings: Settings) -> bool:
    """True when the schema is older than the code."""
    engine = create_engine(_sync_url(settings))
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return current != ScriptDirectory.from_config(alembic_config()).get_current_head()
