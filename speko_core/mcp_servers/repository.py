"""Every query about MCP servers."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.mcp_servers.models import McpServerRow


async def servers_of(db: AsyncSession, agent_id: str) -> Sequence[McpServerRow]:
    """Every MCP server of an agent, oldest first."""
    statement = select(McpServerRow).where(McpServerRow.agent_id == agent_id)
    return (await db.execute(statement.order_by(McpServerRow.created_at, McpServerRow.id))).scalars().all()


async def get(db: AsyncSession, agent_id: str, server_id: str) -> McpServerRow | None:
    """One MCP server of an agent."""
    statement = select(McpServerRow).where(McpServerRow.agent_id == agent_id, McpServerRow.id == server_id)
    return (await db.execute(statement)).scalar_one_or_none()


async def with_id(db: AsyncSession, server_id: str) -> McpServerRow | None:
    """One MCP server, whichever agent has it."""
    return (await db.execute(select(McpServerRow).where(McpServerRow.id == server_id))).scalar_one_or_none()
