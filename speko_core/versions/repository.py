"""Every query about versions and environments."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.versions.models import AgentDeployment, AgentEnvironment, AgentVersionRow


async def newest(db: AsyncSession, agent_id: str) -> AgentVersionRow | None:
    """The version with the highest number."""
    statement = select(AgentVersionRow).where(AgentVersionRow.agent_id == agent_id)
    return (await db.execute(statement.order_by(AgentVersionRow.number.desc()).limit(1))).scalar_one_or_none()


async def numbered(db: AsyncSession, agent_id: str, number: int) -> AgentVersionRow | None:
    """One version."""
    statement = select(AgentVersionRow).where(AgentVersionRow.agent_id == agent_id, AgentVersionRow.number == number)
    return (await db.execute(statement)).scalar_one_or_none()


async def before(db: AsyncSession, agent_id: str, number: int | None, limit: int) -> Sequence[AgentVersionRow]:
    """Up to `limit` versions below `number` (None: all), newest first."""
    statement = select(AgentVersionRow).where(AgentVersionRow.agent_id == agent_id)
    if number is not None:
        statement = statement.where(AgentVersionRow.number < number)
    return (await db.execute(statement.order_by(AgentVersionRow.number.desc()).limit(limit))).scalars().all()


async def environments(db: AsyncSession, agent_id: str) -> Sequence[AgentEnvironment]:
    """The environments something was deployed to, by name."""
    statement = select(AgentEnvironment).where(AgentEnvironment.agent_id == agent_id)
    return (await db.execute(statement.order_by(AgentEnvironment.name))).scalars().all()


async def environment(db: AsyncSession, agent_id: str, name: str) -> AgentEnvironment | None:
    """One environment, when something was deployed to it."""
    statement = select(AgentEnvironment).where(AgentEnvironment.agent_id == agent_id, AgentEnvironment.name == name)
    return (await db.execute(statement)).scalar_one_or_none()


async def deployment(db: AsyncSession, deployment_id: str) -> AgentDeployment | None:
    """One move of a pointer."""
    return (await db.execute(select(AgentDeployment).where(AgentDeployment.id == deployment_id))).scalar_one_or_none()


async def history(db: AsyncSession, agent_id: str, name: str, limit: int) -> Sequence[AgentDeployment]:
    """The newest moves of one environment's pointer, newest first."""
    statement = (
        select(AgentDeployment)
        .where(AgentDeployment.agent_id == agent_id, AgentDeployment.environment == name)
        .order_by(AgentDeployment.created_at.desc(), AgentDeployment.id.desc())
        .limit(limit)
    )
    return (await db.execute(statement)).scalars().all()
