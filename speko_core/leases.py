"""Who is alive: every process of the roles jobs and worker renews a lease; whoever stops is noticed by its age.

Ages compare the clocks of several machines, so the limits leave room for a second or two of difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.models import RoleLease
from speko_core.settings import Role

RENEW_S = 2.0
# A worker that missed two heartbeats gets no new callers.
WORKER_FRESH = timedelta(seconds=6)


@dataclass(frozen=True)
class Lease:
    """What a process says about itself. `capacity` and `active` count sessions."""

    instance_id: str
    role: Role
    address: str = ""
    capacity: int = 0
    active: int = 0
    ready: bool = True


async def renew(db: AsyncSession, lease: Lease, now: datetime) -> None:
    """Write the lease; the first time makes it."""
    row = await db.get(RoleLease, lease.instance_id)
    if row is None:
        row = RoleLease(instance_id=lease.instance_id, started_at=now)
        db.add(row)
    row.role, row.address = lease.role, lease.address
    row.capacity, row.active, row.ready = lease.capacity, lease.active, lease.ready
    row.last_seen_at = now
    await db.flush()


async def release(db: AsyncSession, instance_id: str) -> None:
    """Forget a process that ended in order."""
    await db.execute(delete(RoleLease).where(RoleLease.instance_id == instance_id))


async def available_workers(db: AsyncSession, now: datetime) -> Sequence[RoleLease]:
    """Workers that can take a caller now, the least loaded first, by their share of sessions in use."""
    statement = select(RoleLease).where(
        RoleLease.role == "worker",
        RoleLease.ready,
        RoleLease.active < RoleLease.capacity,
        RoleLease.last_seen_at > now - WORKER_FRESH,
    )
    rows = (await db.execute(statement)).scalars().all()
    return sorted(rows, key=lambda row: (row.active / row.capacity, row.instance_id))


async def live_instances(db: AsyncSession, role: Role, since: datetime) -> frozenset[str]:
    """Processes of a role heard of since `since`."""
    statement = select(RoleLease.instance_id).where(RoleLease.role == role, RoleLease.last_seen_at >= since)
    return frozenset((await db.execute(statement)).scalars())
