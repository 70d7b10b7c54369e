"""Changing an MCP server of an agent."""

from speko_core.agents.secrets import forget, keep, known_refs
from speko_core.agents.webhook_config import SecretHeader
from speko_core.context import Ctx
from speko_core.mcp_servers import headers
from speko_core.mcp_servers.asking import asked, stored_headers
from speko_core.mcp_servers.models import McpServerRow
from speko_core.mcp_servers.schemas import McpServer, McpServerUpdate
from speko_core.mcp_servers.service import found_server
from speko_core.mcp_servers.writing import again, learn, settled
from speko_core.outbound.urls import check_url
from speko_core.ports.tool_servers import Discovery, ToolServer
from speko_core.versions.service import found_agent


async def check(ctx: Ctx, data: McpServerUpdate) -> None:
    """Everything that can be known before the server is asked.

    Raises:
        NotFound: no such agent or server.
        InvalidInput: with the field.
    """
    row = await _found(ctx, data)
    ctx.resource_id = row.id
    if data.url is not None:
        check_url(data.url, ctx.deps.settings)
    secret = _secret(row, data)
    headers.check_names(secret, _plain(row, data))
    silent = {headers.header_ref(row.id, header.name): header.name for header in secret if header.value is None}
    if silent and data.url is not None and not headers.same_origin(data.url, row.url):
        raise headers.invalid("authHeaders", f"{min(silent.values())} needs its value again: the URL is another host's")
    unknown = silent.keys() - await known_refs(ctx.db, row.agent_id, silent)
    if unknown:
        raise headers.invalid("authHeaders", f"{silent[min(unknown)]} needs a value: none is stored")


async def update(ctx: Ctx, data: McpServerUpdate) -> McpServer:
    """Change the given fields only; where the connection changes, the server is asked first.

    Raises:
        NotFound: it was deleted meanwhile.
        Conflict: `MCP_SERVER_FAILED`, or a name is taken.
        InvalidInput: a chosen tool does not exist or cannot be had.
    """
    found = await _asked(ctx, data) if data.changes_connection else None
    async with again(ctx) as now:
        agent = await found_agent(now, data.id, locked=True)
        row = await found_server(now, agent, data.server_id)
        before = row.catalogue
        await _change(now, row, data)
        if found is not None:
            learn(now, row, found)
        return await settled(now, agent, row, before, f"MCP server {row.name} changed")


async def _found(ctx: Ctx, data: McpServerUpdate) -> McpServerRow:
    return await found_server(ctx, await found_agent(ctx, data.id), data.server_id)


async def _asked(ctx: Ctx, data: McpServerUpdate) -> Discovery:
    async with again(ctx, read_only=True) as now:
        row = await _found(now, data)
    stored = await stored_headers(ctx, row)
    secret = {
        header.name: stored[header.name] if header.value is None else header.value for header in _secret(row, data)
    }
    return await asked(ctx, ToolServer(data.url or row.url, {**_plain(row, data), **secret}))


async def _change(ctx: Ctx, row: McpServerRow, data: McpServerUpdate) -> None:
    secret = _secret(row, data)
    gone = set(map(str, row.secret_headers.values())) - set(map(str, headers.references(row.id, secret).values()))
    await forget(ctx.db, row.agent_id, gone)
    await keep(ctx, row.agent_id, headers.values(row.id, secret))
    row.secret_headers = headers.references(row.id, secret)
    row.headers = {**_plain(row, data)}
    row.name, row.url = data.name or row.name, data.url or row.url
    if "tools" in data.model_fields_set:
        row.selection = data.tools
    if "timeout_ms" in data.model_fields_set:
        row.timeout_ms = data.timeout_ms
    row.updated_at = ctx.now()


def _plain(row: McpServerRow, data: McpServerUpdate) -> dict[str, str]:
    if "headers" in data.model_fields_set:
        return dict(data.headers or {})
    return {name: str(value) for name, value in row.headers.items()}


def _secret(row: McpServerRow, data: McpServerUpdate) -> list[SecretHeader]:
    """The secret headers as they are to be; those without a value keep theirs."""
    kept = [SecretHeader(name=name) for name in row.secret_headers]
    given = (data.auth_headers or []) if "auth_headers" in data.model_fields_set else kept
    if data.bearer_token is not None and "auth_headers" not in data.model_fields_set:
        given = [header for header in given if header.name.lower() != "authorization"]
    return headers.secret_headers(data.bearer_token, given)
