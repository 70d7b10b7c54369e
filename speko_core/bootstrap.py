"""Getting an installation ready: checks, migrations, and on the very first start the first organization.

Any number of processes may do this at once, on either engine: migrations take a lock, and the single row of
`installation` decides who seeds.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts import service as accounts
from speko_core.accounts import sign_in
from speko_core.accounts.models import Installation
from speko_core.accounts.schemas import KeyCreate
from speko_core.adapters.dbos_tables import make_tables
from speko_core.adapters.envelope import fingerprint
from speko_core.adapters.master_key import load_master_key
from speko_core.db.schema import is_current
from speko_core.deps import Deps
from speko_core.errors import ConfigurationError
from speko_core.ids import new_id
from speko_core.preflight import check_database, check_ports
from speko_core.settings import Role

OWNER_EMAIL = "owner@localhost"
ORGANIZATION_NAME = "My organization"
_ONLY_ROW = 1


@dataclass(frozen=True)
class FirstStart:
    """What exists in the clear only once, for the person who started it."""

    test_key: str
    live_key: str
    sign_in_url: str


async def prepare(deps: Deps, check_ports_of: Iterable[Role] = ()) -> FirstStart | None:
    """Make the installation ready to serve; the first start ever returns what to show.

    Raises:
        ConfigurationError: it cannot work as configured.
    """
    if await join(deps, check_ports_of):
        return None
    mark = _mark(deps)
    try:
        return await _seed_once(deps, mark)
    except IntegrityError:  # another process seeded between our look and our write
        await _is_ours(deps, mark)
        return None


async def join(deps: Deps, check_ports_of: Iterable[Role] = ()) -> bool:
    """Check and migrate without seeding; True when somebody has seeded already.

    Raises:
        ConfigurationError: it cannot work as configured, or the database was written under another master key.
    """
    check_ports(deps.settings, check_ports_of)  # first: looking at a SQLite database makes its file
    await check_database(deps.database, deps.settings)
    if not await is_current(deps.database):
        # Loaded only when there is something to migrate: it would be a tenth of every start.
        migrate = import_module("speko_core.db.migrate")
        await asyncio.to_thread(migrate.upgrade, deps.settings)
        if deps.settings.uses_sqlite:
            await make_tables(deps.settings.sqlite_path)
    return await _is_ours(deps, _mark(deps))


def _mark(deps: Deps) -> str:
    return fingerprint(load_master_key(deps.settings))


async def _is_ours(deps: Deps, mark: str) -> bool:
    async with deps.database.transaction(None, read_only=True) as db:
        written = (await db.execute(select(Installation.key_fingerprint))).scalar_one_or_none()
    if written is not None and written != mark:
        raise ConfigurationError(
            "This database was written under another master key; set SPEKO_MASTER_KEY to the one it was made with."
        )
    return written is not None


async def _seed_once(deps: Deps, mark: str) -> FirstStart:
    now, organization_id = deps.clock.now(), new_id("org")
    async with deps.database.transaction(organization_id) as db:
        db.add(Installation(id=_ONLY_ROW, key_fingerprint=mark, created_at=now))
        await db.flush()
        user_id = (await sign_in.find_or_create_user(db, OWNER_EMAIL, now)).id
        # Loaded once in the life of an installation.
        founding = import_module("speko_core.organizations.founding")
        ctx = await founding.found(deps, db, organization_id, ORGANIZATION_NAME, user_id)
        test = await accounts.create_key(ctx, KeyCreate(name="First test key", mode="test"))
        live = await accounts.create_key(ctx, KeyCreate(name="First live key", mode="live"))
        url = await sign_in_url(deps, db, user_id)
    await ctx.run_after_commit()
    return FirstStart(test.key, live.key, url)


async def sign_in_url(deps: Deps, db: AsyncSession, user_id: str) -> str:
    """A fresh single-use link to the dashboard."""
    token, _ = await sign_in.create_link(db, deps.secrets, user_id, deps.clock.now())
    return f"{deps.settings.base_url}/sign-in?token={token}"
