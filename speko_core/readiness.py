"""Whether this installation can serve: the database answers, and the expected roles are alive (OPS-3)."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from speko_core.accounts.models import RoleLease
from speko_core.deps import Deps

# Workers and jobs renew every few seconds; a lease older than this belongs to a dead or hung process.
LEASE_FRESH = timedelta(seconds=10)
CHECK_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class Readiness:
    """Each part that must be there, and whether it is."""

    parts: dict[str, bool]

    @property
    def ready(self) -> bool:
        """True when every part is there."""
        return all(self.parts.values())

    def as_json(self) -> dict[str, object]:
        """The body of `/readyz`."""
        return {"status": "ready" if self.ready else "not_ready", "checks": self.parts}


async def check_readiness(deps: Deps) -> Readiness:
    """Judge the database by a query and the roles in `SPEKO_EXPECT_ROLES` by the freshness of their leases."""
    expected = deps.settings.expected_roles
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            alive = await live_roles(deps)
    except (SQLAlchemyError, OSError, TimeoutError):
        return Readiness({"database": False, **dict.fromkeys(expected, False)})
    return Readiness({"database": True, **{role: role in alive for role in expected}})


async def live_roles(deps: Deps) -> frozenset[str]:
    """Roles of which at least one process is ready and was heard of lately."""
    since = deps.clock.now() - LEASE_FRESH
    fresh = select(RoleLease.role).where(RoleLease.ready, RoleLease.last_seen_at >= since).distinct()
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        return frozenset((await db.execute(fresh)).scalars())
