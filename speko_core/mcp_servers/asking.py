"""Asking a server what it offers: outside of transactions, with the secrets of its headers."""

from speko_core.agents.secrets import reveal
from speko_core.context import Ctx
from speko_core.errors import Conflict
from speko_core.mcp_servers.catalogue import MAX_LISTED
from speko_core.mcp_servers.headers import all_headers
from speko_core.mcp_servers.models import McpServerRow
from speko_core.ports.tool_servers import Discovery, ToolServer, ToolServerFailed

DISCOVERY_S = 10.0


async def asked(ctx: Ctx, server: ToolServer) -> Discovery:
    """What the server offers now, each name once.

    Raises:
        Conflict: `MCP_SERVER_FAILED`, with our word for what went wrong.
    """
    try:
        found = await ctx.deps.tool_servers.discover(server, timeout_s=DISCOVERY_S)
    except ToolServerFailed as failure:
        raise _failed(str(failure)) from None
    tools = {tool.name: tool for tool in found.tools}
    if len(tools) > MAX_LISTED:
        raise _failed(f"it lists more than {MAX_LISTED} tools")
    return Discovery(found.protocol, tuple(tools.values()))


async def stored_headers(ctx: Ctx, row: McpServerRow) -> dict[str, str]:
    """Every header of a stored server, the secret ones opened."""
    async with ctx.deps.database.transaction(ctx.organization_id, read_only=True) as db:
        opened = await reveal(db, ctx.deps.secrets, row.agent_id, map(str, row.secret_headers.values()))
    return all_headers(row, opened)


def _failed(problem: str) -> Conflict:
    return Conflict(
        f"The MCP server could not be asked for its tools: {problem}.",
        "MCP_SERVER_FAILED",
        hint="Check its URL and headers. It has to speak MCP over Streamable HTTP.",
    )
