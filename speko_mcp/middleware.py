"""What surrounds every MCP message: the caller's surface, the aliases of tools, arguments that are not an object."""

from collections.abc import Sequence

import mcp_types
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import Tool, ToolResult

from speko_core.operations import AnyOperation
from speko_mcp import errors
from speko_mcp.identity import current_principal, current_request
from speko_mcp.surface import Surface, listed, surface_of


class Door(Middleware):
    """Filters `tools/list`, resolves names, and refuses what the connection's surface leaves out."""

    def __init__(self, operations: Sequence[AnyOperation]) -> None:
        self._operations = operations
        self._by_name = {operation.tool.name: operation for operation in operations if operation.tool is not None}
        # Dotted names of the hosted product are operation ids; they work without being listed (MCP-7).
        self._aliases = {operation.id: name for name, operation in self._by_name.items()}

    async def on_list_tools(
        self,
        context: MiddlewareContext[mcp_types.ListToolsRequest],
        call_next: CallNext[mcp_types.ListToolsRequest, Sequence[Tool]],
    ) -> Sequence[Tool]:
        """Show what this connection and this caller may use, always in the same order."""
        names = listed(self._operations, _surface(), current_principal())
        return [tool for tool in await call_next(context) if tool.name in names or tool.name not in self._by_name]

    async def on_call_tool(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Run the tool behind a name or an alias."""
        name = self._aliases.get(context.message.name, context.message.name)
        operation = self._by_name.get(name)
        if operation is None or operation.tool is None:
            return errors.unknown_tool(context.message.name, [*self._by_name, *self._aliases])
        refusal = _surface().refusal(operation, operation.tool)
        if refusal is not None:
            hint = "Connect without that restriction to use this tool."
            return errors.failure(name, {"code": "NOT_OFFERED", "message": refusal, "retryable": False, "hint": hint})
        message = context.message.model_copy(update={"name": name})
        return await call_next(context.copy(message=message))


def _surface() -> Surface:
    request = current_request()
    return surface_of(request.query_params, request.headers)
