"""Every query about stored decisions, snapshots and policies."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.routing.decisions_models import RoutingDecision, RoutingInput, RoutingPolicyRow, RoutingSnapshot


async def decision(db: AsyncSession, decision_id: str) -> RoutingDecision | None:
    """One decision of the organization."""
    statement = select(RoutingDecision).where(RoutingDecision.id == decision_id)
    return (await db.execute(statement)).scalar_one_or_none()


async def snapshot_body(db: AsyncSession, snapshot_id: str) -> str | None:
    """The content of a stored snapshot."""
    statement = select(RoutingSnapshot.body).where(RoutingSnapshot.id == snapshot_id)
    return (await db.execute(statement)).scalar_one_or_none()


async def input_body(db: AsyncSession, input_id: str) -> str | None:
    """The content of a stored policy or list of offers."""
    return (await db.execute(select(RoutingInput.body).where(RoutingInput.id == input_id))).scalar_one_or_none()


async def published_snapshot_id(db: AsyncSession) -> str | None:
    """The snapshot that was published last, or None while only the shipped seed exists."""
    statement = (
        select(RoutingSnapshot.id)
        .where(RoutingSnapshot.published_at.is_not(None))
        .order_by(RoutingSnapshot.published_at.desc(), RoutingSnapshot.id.desc())
        .limit(1)
    )
    return (await db.execute(statement)).scalar_one_or_none()


async def published(db: AsyncSession, limit: int) -> Sequence[tuple[str, datetime]]:
    """The published snapshots by id with their times, newest first."""
    statement = (
        select(RoutingSnapshot.id, RoutingSnapshot.published_at)
        .where(RoutingSnapshot.published_at.is_not(None))
        .order_by(RoutingSnapshot.published_at.desc(), RoutingSnapshot.id.desc())
        .limit(limit)
    )
    return [(row.id, row.published_at) for row in await db.execute(statement)]


async def policies(db: AsyncSession) -> Sequence[RoutingPolicyRow]:
    """The organization's active policies."""
    statement = select(RoutingPolicyRow).where(RoutingPolicyRow.retired_at.is_(None))
    return (await db.execute(statement.order_by(RoutingPolicyRow.modality))).scalars().all()


async def retire_policy(db: AsyncSession, modality: str, now: datetime) -> None:
    """Make room for another policy; the retired one stays as history."""
    statement = (
        update(RoutingPolicyRow)
        .where(RoutingPolicyRow.modality == modality, RoutingPolicyRow.retired_at.is_(None))
        .values(retired_at=now)
        .execution_options(synchronize_session=False)
    )
    await db.execute(statement)
