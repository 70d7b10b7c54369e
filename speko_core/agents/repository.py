"""Every query about agents."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.agents.models import Agent


async def get(db: AsyncSession, agent_id: str) -> Agent | None:
    """One agent of the organization."""
    return (await db.execute(select(Agent).where(Agent.id == agent_id))).scalar_one_or_none()


async def get_locked(db: AsyncSession, agent_id: str) -> Agent | None:
    """One agent, held against concurrent changes until the transaction ends."""
    return (await db.execute(select(Agent).where(Agent.id == agent_id).with_for_update())).scalar_one_or_none()


async def by_name(db: AsyncSession, name: str) -> Agent | None:
    """The agent with this name."""
    return (await db.execute(select(Agent).where(Agent.name == name))).scalar_one_or_none()


async def every(db: AsyncSession) -> Sequence[Agent]:
    """All agents, oldest first."""
    return (await db.execute(select(Agent).order_by(Agent.created_at, Agent.id))).scalars().all()


async def count_locked(db: AsyncSession) -> int:
    """How many agents the organization has, held until the transaction ends.

    The rows are locked in one order, so two deletions of the last two agents wait for each other instead of both
    counting two.
    """
    return len((await db.execute(select(Agent.id).order_by(Agent.id).with_for_update())).all())
