"""Can it start as configured? Each check answers with one sentence that says what to change."""

import asyncio
import socket
from collections.abc import Iterable

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from speko_core.db.engine import Database
from speko_core.errors import ConfigurationError
from speko_core.settings import Role, Settings

CONNECT_TIMEOUT_S = 10.0
_SUPPORTED = ("sqlite+aiosqlite", "postgresql+psycopg")


def check_database_url(settings: Settings) -> None:
    """The URL must name an engine that the product runs on.

    Raises:
        ConfigurationError: it does not.
    """
    try:
        driver = make_url(settings.resolved_database_url).drivername
    except (ArgumentError, ValueError):
        driver = ""
    if driver not in _SUPPORTED:
        raise ConfigurationError(
            "SPEKO_DATABASE_URL is not usable; write postgresql://USER:PASSWORD@HOST:PORT/NAME, "
            "or leave it empty for a SQLite file."
        )


async def check_database(database: Database, settings: Settings) -> None:
    """The database must answer.

    Raises:
        ConfigurationError: it does not; the sentence names the place, never the password.
    """
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await database.ping()
    except (SQLAlchemyError, OSError, TimeoutError, NoSuchModuleError) as error:
        raise ConfigurationError(
            f"The database at {database_place(settings)} does not answer ({_reason(error)}); "
            "check SPEKO_DATABASE_URL and that the server runs."
        ) from None


def database_place(settings: Settings) -> str:
    """Where the database is, in words that hold no secret."""
    url = make_url(settings.resolved_database_url)
    return url.database or "memory" if settings.uses_sqlite else f"{url.host}:{url.port or 5432}/{url.database}"


def _reason(error: Exception) -> str:
    """A few words of ours: the server's own may repeat the URL."""
    text = str(getattr(error, "orig", None) or error).lower()
    known = {
        "password authentication failed": "the user or the password is wrong",
        "does not exist": "the database or the user does not exist",
        "connection refused": "nothing listens there",
        "name or service not known": "the host is unknown",
        "failed to resolve": "the host is unknown",
        "not a database": "the file is not a SQLite database",
        "unable to open": "the file cannot be opened",
        "readonly": "the file is read-only",
    }
    found = (words for sign, words in known.items() if sign in text)
    return "no answer in time" if isinstance(error, TimeoutError) else next(found, type(error).__name__)


def check_ports(settings: Settings, roles: Iterable[Role]) -> None:
    """Every role's port must be free.

    Raises:
        ConfigurationError: one is taken; the sentence names the role, the port and the variable.
    """
    for role in roles:
        reason = port_problem(settings.host, settings.health_port(role))
        if reason:
            variable = "SPEKO_PORT" if role == "web" else f"SPEKO_{role.upper()}_PORT"
            raise ConfigurationError(
                f"Port {settings.health_port(role)} of the {role} role cannot be used on {settings.host} ({reason}); "
                f"stop what uses it or set {variable}."
            )


def port_problem(host: str, port: int) -> str | None:
    """Why a server could not listen there, or None when it could."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        return "the address is unknown"
    with socket.socket(family, kind, protocol) as probe:
        # As the servers do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            return (error.strerror or "refused").lower()
    return None
