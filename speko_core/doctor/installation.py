"""Checks of the installation: data folder, master key, database, schema, clock. Nothing is created."""

import asyncio
import os
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from speko_core.accounts.models import Installation
from speko_core.adapters.envelope import fingerprint
from speko_core.adapters.master_key import KEY_FILE, load_master_key
from speko_core.adapters.system_clock import SystemClock
from speko_core.db.engine import Database, create_engine
from speko_core.doctor.finding import Finding
from speko_core.errors import ConfigurationError
from speko_core.late import LateModule
from speko_core.preflight import check_database, check_database_url, database_place
from speko_core.settings import Settings

if TYPE_CHECKING:
    from speko_core.db import migrate
else:
    # Alembic: four megabytes that only a look at the schema needs.
    migrate = LateModule("speko_core.db.migrate")

_CLOCK_TOLERANCE_S = 5.0


def data_folder(settings: Settings) -> Finding:
    """The data folder can be written, or made."""
    folder = settings.data_dir.absolute()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return Finding("data folder", "fail", f"{folder} cannot be written", "Choose a folder with SPEKO_DATA_DIR.")
    return Finding("data folder", "ok", str(folder) if existing == folder else f"{folder}, made on the first start")


def master_key(settings: Settings) -> Finding:
    """There is a master key, or the first start will make one."""
    file = settings.data_dir / KEY_FILE
    fresh = settings.uses_sqlite and not settings.sqlite_path.exists()
    if settings.master_key is None and not file.exists() and fresh:
        return Finding("master key", "ok", "made on the first start")
    try:
        load_master_key(settings)
    except (ConfigurationError, OSError) as error:
        return Finding("master key", "fail", str(error), "Restore it from your backup; nothing else opens the secrets.")
    return Finding("master key", "ok", "SPEKO_MASTER_KEY" if settings.master_key else str(file))


def outbound(settings: Settings) -> Finding:
    """User-given URLs are held to public https."""
    if settings.allow_insecure_webhooks:
        fix = "Unset SPEKO_ALLOW_INSECURE_WEBHOOKS outside development."
        return Finding("outbound calls", "warn", "http and private addresses are allowed", fix)
    return Finding("outbound calls", "ok", "public https only")


def browser_library(settings: Settings) -> list[Finding]:
    """With calls in LiveKit rooms, browsers get LiveKit's library from us. Nothing to say without rooms."""
    if not settings.livekit_url:
        return []
    path = settings.livekit_client_path
    if path.is_file():
        return [Finding("browser calls", "ok", f"livekit-client at {path}")]
    fix = f"npm install --prefix {settings.data_dir} livekit-client; see docs/browser.md."
    return [Finding("browser calls", "warn", "LiveKit's browser library is not installed", fix)]


async def database(settings: Settings) -> list[Finding]:
    """The database answers, has this version's schema, belongs to our master key, and agrees about the time."""
    try:
        check_database_url(settings)
        if not settings.database_url and not settings.sqlite_path.exists():
            return [Finding("database", "ok", f"{settings.sqlite_path}, made on the first start")]
        opened = Database(create_engine(settings))
    except ConfigurationError as error:
        return [Finding("database", "fail", str(error), "See docs/operations.md, section Database.")]
    try:
        await check_database(opened, settings)
        return [Finding("database", "ok", database_place(settings)), *await _inside(opened, settings)]
    except ConfigurationError as error:
        return [Finding("database", "fail", str(error))]
    finally:
        await opened.aclose()


async def _inside(opened: Database, settings: Settings) -> list[Finding]:
    if await asyncio.to_thread(migrate.pending, settings):
        return [Finding("schema", "warn", "older than this version", "The next start migrates it.")]
    try:
        installed, server_time = await _read_installation(opened)
    except SQLAlchemyError as error:
        return [Finding("schema", "fail", f"cannot be read ({type(error).__name__})", "Restore a backup.")]
    return [Finding("schema", "ok", "up to date"), *_ownership(installed, settings), _clock(installed, server_time)]


async def _read_installation(opened: Database) -> tuple[Installation | None, datetime | None]:
    async with opened.transaction(None, read_only=True) as db:
        installed = (await db.execute(select(Installation))).scalar_one_or_none()
    if opened.is_sqlite:
        return installed, None
    async with opened.engine.connect() as connection:
        return installed, (await connection.execute(text("SELECT now()"))).scalar_one()


def _ownership(installed: Installation | None, settings: Settings) -> list[Finding]:
    if installed is None:
        return [Finding("first start", "ok", "still to come")]
    try:
        ours = installed.key_fingerprint == fingerprint(load_master_key(settings))
    except (ConfigurationError, OSError):
        return []  # the master key has a finding of its own
    if ours:
        return []
    return [Finding("master key", "fail", "the database was written under another one", "Set SPEKO_MASTER_KEY to it.")]


def _clock(installed: Installation | None, server_time: datetime | None) -> Finding:
    now = SystemClock().now()
    if installed is not None and installed.created_at > now:
        return Finding("clock", "fail", "behind the database's own records", "Set the clock; use NTP.")
    difference = abs((server_time - now).total_seconds()) if server_time else 0.0
    if difference > _CLOCK_TOLERANCE_S:
        return Finding("clock", "warn", f"{difference:.0f} s away from the database server's", "Use NTP on both.")
    return Finding("clock", "ok", now.isoformat(timespec="seconds"))
