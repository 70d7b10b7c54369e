"""The rest of the tools behind two: `search_tools` finds one with its schema, `call_tool` calls it.

The same road as a listed tool: scopes, confirmations, surface, refusals, one runner.
"""

from typing import Any, TypeVar

from fastmcp.tools import Tool, ToolResult
from mcp_types import TextContent, ToolAnnotations
from pydantic import Field, PrivateAttr, ValidationError

from speko_core.errors import InvalidInput, SpekoError
from speko_core.schemas import StrictInput
from speko_core.types import JsonObject
from speko_core.validation import field_problems
from speko_mcp import errors, schema
from speko_mcp.binding import OperationTool
from speko_mcp.catalog import Catalog, refused
from speko_mcp.ceiling import fit, render
from speko_mcp.identity import current_principal, current_surface

Given = TypeVar("Given", bound=StrictInput)
SEARCH, CALL = "search_tools", "call_tool"
MOST = 10


class ToolQuery(StrictInput):
    """What to look for among the tools."""

    query: str = Field(min_length=1, max_length=400, description="What you want to do, e.g. `webhook deliveries`.")
    limit: int = Field(4, ge=1, le=MOST, description="How many tools.")


class ToolCall(StrictInput):
    """A tool, and what to give it."""

    name: str = Field(min_length=1, max_length=120, description="From search_tools.")
    arguments: dict[str, object] = Field(default_factory=dict, description="As its inputSchema says.")


class SearchTools(Tool):
    """Finds tools that are not in the list."""

    _catalog: Catalog = PrivateAttr()

    def get_meta(self) -> dict[str, Any]:
        """Nothing: it would be paid for in every conversation."""
        return {}

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """The tools that fit, as far as this caller may know of them."""
        try:
            asked = _read(ToolQuery, arguments)
            found = self._catalog.search(asked.query, current_surface(), current_principal(), asked.limit)
        except SpekoError as error:
            return errors.refused(self.name, error, self.name)
        steps = ["call_tool with the name and arguments that fit its inputSchema"]
        if not found:
            steps = ["search_tools with other words, such as the thing the tool is about"]
        answer = fit({"tools": [_described(tool) for tool in found], "next_steps": list(steps)})
        return ToolResult(content=[TextContent(type="text", text=render(answer))], structured_content=answer)


class CallTool(Tool):
    """Calls any tool by its name."""

    _catalog: Catalog = PrivateAttr()

    def get_meta(self) -> dict[str, Any]:
        """Nothing: it would be paid for in every conversation."""
        return {}

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """What the named tool answers, on the same terms."""
        try:
            call = _read(ToolCall, arguments)
            surface = current_surface()
        except SpekoError as error:
            return errors.refused(self.name, error, SEARCH)
        tool = self._catalog.find(call.name)
        if tool is None:
            return self._catalog.unknown(call.name)
        return refused(tool, surface) or await tool.run(call.arguments)


def discovery_tools(catalog: Catalog) -> list[Tool]:
    """Both tools over one catalog."""
    search = SearchTools(
        name=SEARCH,
        title="Search tools",
        description="Use when no tool in your list fits: knowledge bases, webhooks, agent tools, versions, keys, "
        "members, billing and more are found here. Returns name, description and inputSchema, best first.",
        parameters=schema.compact_schema(ToolQuery),
        output_schema={"type": "object", "properties": {"tools": {"type": "array", "items": {"type": "object"}}}},
        annotations=ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )
    call = CallTool(
        name=CALL,
        title="Call tool",
        description="Use to call a tool that search_tools found and your list does not have. Answers as that tool "
        "does; scopes and confirmations are the same.",
        parameters=schema.compact_schema(ToolCall),
        output_schema={"type": "object"},
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True
        ),
    )
    search._catalog = call._catalog = catalog
    return [search, call]


def _described(tool: OperationTool) -> JsonObject:
    binding = tool.operation.tool
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "toolset": binding.toolset if binding else None,
        "effect": tool.operation.effect,
        "inputSchema": tool.parameters,
    }


def _read(model: type[Given], arguments: dict[str, Any]) -> Given:
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        problems = field_problems(error)
    named = "; ".join(f"{problem.field}: {problem.problem}" for problem in problems)
    raise InvalidInput(f"Invalid request: {named}", fields=problems)
