"""Writing what a server said, in a transaction of its own.

Asking a server takes seconds, so it happens between two transactions: the first checks what can be known before, the
second writes. What was checked in the first is sure only in the second.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from sqlalchemy.exc import IntegrityError

from speko_core.agents.models import Agent
from speko_core.context import Ctx
from speko_core.errors import Conflict
from speko_core.mcp_servers.catalogue import stored
from speko_core.mcp_servers.models import McpServerRow
from speko_core.mcp_servers.offering import apply, judged, refuse_problems
from speko_core.mcp_servers.rendering import render
from speko_core.mcp_servers.schemas import McpServer
from speko_core.ports.tool_servers import Discovery
from speko_core.tools.repository import tools_of
from speko_core.types import JsonObject
from speko_core.versions.recording import record_version


@asynccontextmanager
async def again(ctx: Ctx, *, read_only: bool = False) -> AsyncIterator[Ctx]:
    """The same request in a new transaction, committed at the end."""
    async with ctx.deps.database.transaction(ctx.organization_id, read_only=read_only) as db:
        yield replace(ctx, db=db)


def learn(ctx: Ctx, server: McpServerRow, found: Discovery) -> None:
    """Keep what the server said of itself."""
    server.protocol, server.catalogue, server.refreshed_at = found.protocol, stored(found.tools), ctx.now()


async def settled(ctx: Ctx, agent: Agent, server: McpServerRow, before: JsonObject, note: str) -> McpServer:
    """Store the server as its caller asked for it, and give the agent its tools.

    Raises:
        InvalidInput: a chosen tool does not exist, or cannot be had.
        Conflict: the server's name or that of a tool is taken.
    """
    await _stored(ctx)
    refuse_problems(server, judged(server, await tools_of(ctx.db, agent.id)))
    return await followed(ctx, agent, server, before, note)


async def followed(ctx: Ctx, agent: Agent, server: McpServerRow, before: JsonObject, note: str) -> McpServer:
    """Make the agent's tools those it can have of the server, and record that as a version."""
    found = judged(server, await tools_of(ctx.db, agent.id))
    await apply(ctx, agent, server, found, before)
    await record_version(ctx, agent, note)
    return render(server, await tools_of(ctx.db, agent.id))


async def _stored(ctx: Ctx) -> None:
    try:
        await ctx.db.flush()
    except IntegrityError:
        raise name_taken() from None


def name_taken() -> Conflict:
    """Another server of the agent has the name."""
    return Conflict(
        "An MCP server with this name already exists for this agent",
        "MCP_SERVER_NAME_CONFLICT",
        hint="Choose another name, or change that server.",
    )
