"""Adding an MCP server to an agent."""

from speko_core.agents.secrets import keep
from speko_core.agents.webhook_config import SecretHeader
from speko_core.context import Ctx
from speko_core.errors import Conflict
from speko_core.ids import new_id
from speko_core.mcp_servers import headers, repository
from speko_core.mcp_servers.asking import asked
from speko_core.mcp_servers.catalogue import slug, stored
from speko_core.mcp_servers.models import PREFIX_LENGTH, McpServerRow
from speko_core.mcp_servers.schemas import McpServer, McpServerCreate
from speko_core.mcp_servers.writing import again, name_taken, settled
from speko_core.outbound.urls import check_url
from speko_core.ports.tool_servers import Discovery, ToolServer
from speko_core.versions.service import found_agent

MAX_SERVERS = 20


async def check(ctx: Ctx, data: McpServerCreate) -> None:
    """Everything that can be known before the server is asked.

    Raises:
        NotFound: no such agent.
        InvalidInput: with the field.
        Conflict: the name is taken, or the agent has as many servers as it may have.
    """
    agent = await found_agent(ctx, data.id)
    check_url(data.url, ctx.deps.settings)
    secret = _secret(data)
    headers.check_names(secret, data.headers or {})
    for header in secret:
        if header.value is None:
            raise headers.invalid("authHeaders", f"{header.name} needs a value")
    servers = await repository.servers_of(ctx.db, agent.id)
    if any(server.name == data.name for server in servers):
        raise name_taken()
    if len(servers) >= MAX_SERVERS:
        raise Conflict(f"An agent has at most {MAX_SERVERS} MCP servers.", "MCP_SERVER_LIMIT", hint="Delete one first.")
    ctx.resource_id = new_id("mcps")


async def create(ctx: Ctx, data: McpServerCreate) -> McpServer:
    """Ask the server, then store it and give the agent its tools.

    Raises:
        Conflict: `MCP_SERVER_FAILED`, or a name is taken.
        InvalidInput: a chosen tool does not exist or cannot be had.
    """
    secret = _secret(data)
    sent = {**(data.headers or {}), **{header.name: header.value or "" for header in secret}}
    found = await asked(ctx, ToolServer(data.url, sent))
    async with again(ctx) as now:
        agent = await found_agent(now, data.id, locked=True)
        row = _row(now, data, secret, found)
        now.db.add(row)
        await keep(now, agent.id, headers.values(row.id, secret))
        return await settled(now, agent, row, {}, f"MCP server {row.name} added")


def _secret(data: McpServerCreate) -> list[SecretHeader]:
    return headers.secret_headers(data.bearer_token, data.auth_headers)


def _row(ctx: Ctx, data: McpServerCreate, secret: list[SecretHeader], found: Discovery) -> McpServerRow:
    return McpServerRow(
        id=ctx.resource_id,
        organization_id=ctx.organization_id,
        agent_id=data.id,
        name=data.name,
        url=data.url,
        headers=dict(data.headers or {}),
        secret_headers=headers.references(ctx.resource_id, secret),
        prefix=_prefix(data.name) if data.prefix is None else data.prefix,
        selection=data.tools,
        timeout_ms=data.timeout_ms,
        protocol=found.protocol,
        catalogue=stored(found.tools),
        refreshed_at=ctx.now(),
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )


def _prefix(name: str) -> str:
    """Of a server's name; empty where it has no letter to begin with."""
    return slug(name).lstrip("0123456789_")[:PREFIX_LENGTH].strip("_")
