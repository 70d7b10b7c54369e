"""Every tool by name, alias and meaning: what `search_tools` looks in and `call_tool` calls."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from fastmcp.tools import ToolResult

from speko_core.docs_search.ranking import Ranking, counted
from speko_core.principal import Principal
from speko_mcp import errors
from speko_mcp.binding import OperationTool
from speko_mcp.surface import Surface, offered

NAME_WEIGHT = 3


class Catalog:
    """The tools of the process, in the order of the operations."""

    def __init__(self, tools: Sequence[OperationTool]) -> None:
        self._tools = tools
        self._by_name = {tool.name: tool for tool in tools}
        # Dotted names of the hosted product are operation ids; they work without being listed (MCP-7).
        self._aliases = {tool.operation.id: tool for tool in tools}

    def find(self, name: str) -> OperationTool | None:
        """The tool of this name or alias."""
        return self._by_name.get(name) or self._aliases.get(name)

    def unknown(self, name: str) -> ToolResult:
        """The answer to a name that is no tool: the nearest one that is."""
        return errors.unknown_tool(name, [*self._by_name, *self._aliases])

    def search(self, query: str, surface: Surface, principal: Principal, limit: int) -> list[OperationTool]:
        """The tools that fit the query and may be told to this caller, best first."""
        ranked = (self._tools[number] for number, _ in self._ranking.search(query))
        return [tool for tool in ranked if offered(tool.operation, surface, principal)][:limit]

    @cached_property
    def _ranking(self) -> Ranking:
        return Ranking([_words(tool) for tool in self._tools])


def _words(tool: OperationTool) -> Counter[str]:
    binding, fields = tool.operation.tool, tool.parameters.get("properties", {})
    said = [tool.description or "", tool.operation.summary, tool.operation.description]
    told = [str(field.get("description", "")) for field in fields.values()]
    named = [tool.name, tool.title or "", binding.toolset if binding else ""]
    return counted("\n".join([*said, *fields, *told]), named, NAME_WEIGHT)


def refused(tool: OperationTool, surface: Surface) -> ToolResult | None:
    """The answer where the connection leaves this tool out, None where it may be called."""
    binding = tool.operation.tool
    refusal = surface.refusal(tool.operation, binding) if binding else None
    if refusal is None:
        return None
    hint = "Connect without that restriction to use this tool."
    return errors.failure(tool.name, {"code": "NOT_OFFERED", "message": refusal, "retryable": False, "hint": hint})
