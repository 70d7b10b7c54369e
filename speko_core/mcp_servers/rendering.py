"""An MCP server as the wire shows it."""

from collections.abc import Sequence

from speko_core.agents.webhook_config import SecretHeaderRow
from speko_core.mcp_servers.catalogue import Offer
from speko_core.mcp_servers.models import McpServerRow
from speko_core.mcp_servers.offering import judged, missing, rows_of
from speko_core.mcp_servers.schemas import McpServer, McpTool
from speko_core.tools.models import AgentToolRow


def render(server: McpServerRow, tools: Sequence[AgentToolRow]) -> McpServer:
    """The wire form; `tools` are all tools of the agent."""
    rows = rows_of(server, tools)
    return McpServer(
        id=server.id,
        agent_id=server.agent_id,
        name=server.name,
        url=server.url,
        headers={name: str(value) for name, value in server.headers.items()},
        auth_headers=[
            SecretHeaderRow(name=name, secret_ref=str(ref)) for name, ref in sorted(server.secret_headers.items())
        ],
        prefix=server.prefix,
        selection=server.selection,
        timeout_ms=server.timeout_ms,
        protocol_version=server.protocol,
        tools=[_tool(offer, rows.get(offer.remote.name)) for offer in judged(server, tools)],
        missing=missing(server),
        refreshed_at=server.refreshed_at,
        created_at=server.created_at,
        updated_at=server.updated_at,
    )


def _tool(offer: Offer, row: AgentToolRow | None) -> McpTool:
    return McpTool(
        remote_name=offer.remote.name,
        name=row.name if row else offer.name,
        tool_id=row.id if row else None,
        description=row.description if row else offer.remote.description,
        parameters=offer.remote.parameters,
        problem=offer.problem,
    )
