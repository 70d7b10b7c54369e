"""Reading and removing MCP servers of agents. Adding and changing them, which asks the server, is in `changing.py`."""

from speko_core.agents.models import Agent
from speko_core.agents.secrets import forget
from speko_core.context import Ctx
from speko_core.errors import NotFound
from speko_core.mcp_servers import repository
from speko_core.mcp_servers.models import McpServerRow
from speko_core.mcp_servers.offering import rows_of
from speko_core.mcp_servers.rendering import render
from speko_core.mcp_servers.schemas import McpServer, McpServerList, McpServerRef
from speko_core.schemas import Deleted
from speko_core.tools.repository import tools_of
from speko_core.versions.recording import record_version
from speko_core.versions.service import found_agent


async def list_servers(ctx: Ctx, data: McpServerList) -> list[McpServer]:
    """The agent's MCP servers, oldest first."""
    agent = await found_agent(ctx, data.id)
    tools = await tools_of(ctx.db, agent.id)
    return [render(row, tools) for row in await repository.servers_of(ctx.db, agent.id)]


async def get(ctx: Ctx, data: McpServerRef) -> McpServer:
    """One server."""
    agent = await found_agent(ctx, data.id)
    return render(await found_server(ctx, agent, data.server_id), await tools_of(ctx.db, agent.id))


async def delete(ctx: Ctx, data: McpServerRef) -> Deleted:
    """Remove a server with its tools and secrets; what earlier versions have of it fails clearly when called."""
    agent = await found_agent(ctx, data.id, locked=True)
    server = await found_server(ctx, agent, data.server_id)
    ctx.resource_id = server.id
    for row in rows_of(server, await tools_of(ctx.db, agent.id)).values():
        await ctx.db.delete(row)
    await forget(ctx.db, agent.id, map(str, server.secret_headers.values()))
    await ctx.db.delete(server)
    await record_version(ctx, agent, f"MCP server {server.name} removed")
    return Deleted(deleted=True)


async def found_server(ctx: Ctx, agent: Agent, server_id: str) -> McpServerRow:
    """The agent's server.

    Raises:
        NotFound: it has none with this id.
    """
    row = await repository.get(ctx.db, agent.id, server_id)
    if row is None:
        raise NotFound("not found", hint="List the agent's MCP servers to find an id.")
    return row
