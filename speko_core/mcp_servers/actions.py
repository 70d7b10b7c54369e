"""The tools of MCP servers behind the integrations port: whether an agent may have one, and calling it."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.agents.secrets import reveal
from speko_core.db.engine import Database
from speko_core.mcp_servers import repository
from speko_core.mcp_servers.headers import all_headers
from speko_core.mcp_servers.models import McpServerRow
from speko_core.ports.integrations import Action, IntegrationFailed
from speko_core.ports.secrets import Secrets
from speko_core.ports.tool_servers import ToolServer, ToolServerFailed, ToolServers
from speko_core.types import JsonObject, JsonValue

REMOVED = "its MCP server was removed"


@dataclass(frozen=True)
class McpActions:
    """An action is a tool of a server: the installation is the server, the action's key is the server's name for it."""

    secrets: Secrets
    database: Database
    servers: ToolServers

    async def problem(self, db: AsyncSession, action: Action) -> str | None:
        """Why a tool may not use this action, as the end of a sentence; `db` is open in the organization."""
        server = await repository.with_id(db, action.installation_id)
        if server is None:
            return "names no MCP server of this organization"
        if action.action_key not in server.catalogue:
            return f"names a tool that the MCP server {server.name} does not have; refresh the server"
        return None

    async def is_live(self, db: AsyncSession, action: Action) -> bool:
        """True while the server is there and had the tool when it was last asked."""
        return await self.problem(db, action) is None

    async def run(
        self, organization_id: str, action: Action, arguments: JsonObject, *, idempotency_key: str, timeout_s: float
    ) -> JsonValue:
        """Call the tool; the server sees the same key again where a call is repeated.

        Raises:
            IntegrationFailed: no answer came, or the tool failed; with what the server said.
        """
        server, target = await self._target(organization_id, action)
        total_s = server.timeout_ms / 1000 if server.timeout_ms else timeout_s
        try:
            answer = await self.servers.call(
                target, action.action_key, arguments, idempotency_key=idempotency_key, timeout_s=total_s
            )
        except ToolServerFailed as failure:
            raise IntegrationFailed(str(failure), failure.said) from None
        if answer.failed:
            raise IntegrationFailed("the MCP server says so", answer.text)
        return answer.text

    async def _target(self, organization_id: str, action: Action) -> tuple[McpServerRow, ToolServer]:
        async with self.database.transaction(organization_id, read_only=True) as db:
            server = await repository.with_id(db, action.installation_id)
            if server is None:
                raise IntegrationFailed(REMOVED)
            opened = await reveal(db, self.secrets, server.agent_id, map(str, server.secret_headers.values()))
        return server, ToolServer(server.url, all_headers(server, opened), server.protocol)
