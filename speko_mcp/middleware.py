"""What surrounds every MCP message: the caller's surface, the aliases of tools, names that are no tool."""

from collections.abc import Sequence

import mcp_types
from fastmcp.exceptions import NotFoundError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import Tool, ToolResult

from speko_core.operations import AnyOperation
from speko_mcp.catalog import Catalog, refused
from speko_mcp.identity import current_principal, current_surface
from speko_mcp.surface import listed, shown


class Door(Middleware):
    """Filters `tools/list`, resolves names, and refuses what the connection's surface leaves out."""

    def __init__(self, operations: Sequence[AnyOperation], catalog: Catalog) -> None:
        self._operations = operations
        self._catalog = catalog

    async def on_list_tools(
        self,
        context: MiddlewareContext[mcp_types.ListToolsRequest],
        call_next: CallNext[mcp_types.ListToolsRequest, Sequence[Tool]],
    ) -> Sequence[Tool]:
        """Show what this connection and this caller may use, always in the same order."""
        surface = current_surface()
        names = listed(self._operations, surface, current_principal())
        tools = [tool for tool in await call_next(context) if tool.name in names or not self._catalog.find(tool.name)]
        return [shown(tool, surface) for tool in tools]

    async def on_call_tool(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Run the tool behind a name or an alias."""
        tool = self._catalog.find(context.message.name)
        if tool is None:
            return await self._other(context, call_next)
        message = context.message.model_copy(update={"name": tool.name})
        return refused(tool, current_surface()) or await call_next(context.copy(message=message))

    async def _other(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        try:
            return await call_next(context)
        except NotFoundError:
            return self._catalog.unknown(context.message.name)
