"""Asking a server again what it offers, and following it."""

from speko_core.context import Ctx
from speko_core.mcp_servers.asking import asked, stored_headers
from speko_core.mcp_servers.catalogue import Change, changes, stored, tools_in
from speko_core.mcp_servers.models import McpServerRow
from speko_core.mcp_servers.rendering import render
from speko_core.mcp_servers.schemas import McpServer, McpServerRefresh, McpServerRefreshed, McpToolChange
from speko_core.mcp_servers.service import found_server
from speko_core.mcp_servers.writing import again, followed, learn
from speko_core.ports.tool_servers import Discovery, ToolServer
from speko_core.tools.repository import tools_of
from speko_core.types import JsonObject
from speko_core.versions.service import found_agent


async def check(ctx: Ctx, data: McpServerRefresh) -> None:
    """The server exists.

    Raises:
        NotFound: no such agent or server.
    """
    ctx.resource_id = (await _found(ctx, data)).id


async def refresh(ctx: Ctx, data: McpServerRefresh) -> McpServerRefreshed:
    """Take over what the server offers now: new, changed and removed tools. What cannot be had is left out, and said.

    Raises:
        NotFound: it was deleted meanwhile.
        Conflict: `MCP_SERVER_FAILED`; nothing was changed.
    """
    async with again(ctx, read_only=True) as now:
        row = await _found(now, data)
    found = await asked(ctx, ToolServer(row.url, await stored_headers(ctx, row)))
    differences = _differences(row.catalogue, stored(found.tools))
    server = await (_previewed if data.dry_run else _taken_over)(ctx, data, found)
    return McpServerRefreshed(
        server=server, changes=[McpToolChange.model_validate(one) for one in differences], dry_run=data.dry_run
    )


async def _found(ctx: Ctx, data: McpServerRefresh) -> McpServerRow:
    return await found_server(ctx, await found_agent(ctx, data.id), data.server_id)


def _differences(before: JsonObject, after: JsonObject) -> list[Change]:
    return changes({tool.name: tool for tool in tools_in(before)}, {tool.name: tool for tool in tools_in(after)})


async def _taken_over(ctx: Ctx, data: McpServerRefresh, found: Discovery) -> McpServer:
    async with again(ctx) as now:
        agent = await found_agent(now, data.id, locked=True)
        row = await found_server(now, agent, data.server_id)
        before = row.catalogue
        learn(now, row, found)
        return await followed(now, agent, row, before, f"MCP server {row.name} refreshed")


async def _previewed(ctx: Ctx, data: McpServerRefresh, found: Discovery) -> McpServer:
    async with again(ctx, read_only=True) as now:
        row = await _found(now, data)
        now.db.expunge(row)
        learn(now, row, found)
        return render(row, await tools_of(now.db, row.agent_id))
