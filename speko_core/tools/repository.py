"""Every query about tools."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.tools.models import AgentToolRow


async def tools_of(db: AsyncSession, agent_id: str) -> Sequence[AgentToolRow]:
    """Every tool of an agent, oldest first."""
    statement = select(AgentToolRow).where(AgentToolRow.agent_id == agent_id)
    return (await db.execute(statement.order_by(AgentToolRow.created_at, AgentToolRow.id))).scalars().all()


async def get(db: AsyncSession, agent_id: str, tool_id: str) -> AgentToolRow | None:
    """One tool of an agent."""
    statement = select(AgentToolRow).where(AgentToolRow.agent_id == agent_id, AgentToolRow.id == tool_id)
    return (await db.execute(statement)).scalar_one_or_none()


async def named(db: AsyncSession, agent_id: str, name: str) -> AgentToolRow | None:
    """The agent's tool with this name."""
    statement = select(AgentToolRow).where(AgentToolRow.agent_id == agent_id, AgentToolRow.name == name)
    return (await db.execute(statement)).scalar_one_or_none()
