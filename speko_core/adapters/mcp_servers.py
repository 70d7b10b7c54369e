"""MCP servers of other people, over Streamable HTTP.

The client library takes memory and time to load and comes with an extra, so it is loaded by the first call.
"""

from typing import TYPE_CHECKING

import httpx

from speko_core.late import LateModule
from speko_core.ports.tool_servers import Discovery, ToolAnswer, ToolServer, ToolServerFailed
from speko_core.types import JsonObject

if TYPE_CHECKING:
    from speko_core.adapters import mcp_client
else:
    mcp_client = LateModule("speko_core.adapters.mcp_client")

MISSING = "this installation has no MCP client; its operator installs it with pip install 'speko[mcp]'"


class McpServers:
    """The port over the official client, whose requests all go through the guarded `outbound`."""

    def __init__(self, outbound: httpx.AsyncClient) -> None:
        self._outbound = outbound

    async def discover(self, server: ToolServer, *, timeout_s: float) -> Discovery:
        """List the tools of a server, page by page.

        Raises:
            ToolServerFailed: it cannot be reached, or answered nothing usable.
        """
        try:
            visit = mcp_client.Visit(self._outbound, server, timeout_s)
        except ImportError:
            raise ToolServerFailed(MISSING) from None
        return await visit.discover()

    async def call(
        self, server: ToolServer, tool: str, arguments: JsonObject, *, idempotency_key: str, timeout_s: float
    ) -> ToolAnswer:
        """Call a tool; the key travels in the request's `_meta`.

        Raises:
            ToolServerFailed: no answer came, or none that the protocol allows.
        """
        try:
            visit = mcp_client.Visit(self._outbound, server, timeout_s)
        except ImportError:
            raise ToolServerFailed(MISSING) from None
        return await visit.call(tool, arguments, idempotency_key)
