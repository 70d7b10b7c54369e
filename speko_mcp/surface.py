"""Which tools a client is shown and may call. Read-only wins over everything.

Selected per request, because nothing is kept between requests: by URL (`/mcp?toolsets=agents,docs&readonly=1`), by
header (`X-MCP-Toolsets`, `X-MCP-Readonly`) and by the credential; where several choose, the narrowest choice holds.
A profile (`?profile=builder`, `X-MCP-Profile`) only shortens the list: what it leaves out is found and called through
`search_tools` and `call_tool`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastmcp.tools import Tool

from speko_core.operations import AnyOperation, ToolBinding
from speko_core.principal import Principal
from speko_mcp.schema import brief

_NO = frozenset({"", "0", "false", "no"})
# What building and trying an agent takes; the list pays for schemas of the first level only.
BUILDER = frozenset(
    {
        "whoami", "search_docs", "list_agents", "create_agent", "update_agent", "deploy_agent", "start_test_session",
        "get_transcript", "get_code_snippet", "scaffold_app",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Surface:
    """One client's choice; `toolsets` None means all of them. `whole` lists every tool that may be called."""

    toolsets: frozenset[str] | None = None
    read_only: bool = False
    builder: bool = False
    whole: bool = False

    def refusal(self, operation: AnyOperation, binding: ToolBinding) -> str | None:
        """Why this tool may not be called here, or None when it may."""
        if self.read_only and operation.effect != "read":
            return "This connection is read-only."
        if self.toolsets is not None and binding.toolset not in self.toolsets:
            return f"This connection is limited to the toolsets {', '.join(sorted(self.toolsets))}."
        return None

    def lists(self, binding: ToolBinding) -> bool:
        """Whether the tool is worth its place in the list."""
        if self.builder:
            return binding.name in BUILDER
        return binding.listed or self.whole


def surface_of(query: Mapping[str, str], headers: Mapping[str, str], held: frozenset[str] | None) -> Surface:
    """Read the choice of one request; `held` are the credential's toolsets. Unknown toolset names select nothing."""
    chosen = [query.get("toolsets"), headers.get("x-mcp-toolsets")]
    given = [names for names in (held, *map(_names, chosen)) if names is not None]
    read_only = [query.get("readonly", ""), query.get("read_only", ""), headers.get("x-mcp-readonly", "")]
    profile = query.get("profile") or headers.get("x-mcp-profile", "")
    return Surface(
        frozenset.intersection(*given) if given else None,
        any(value.lower() not in _NO for value in read_only),
        builder=profile.strip().lower() == "builder",
        whole=bool(given) or any(_plain(value) == "all" for value in chosen),
    )


def _plain(value: str | None) -> str:
    return (value or "").strip().lower()


def _names(value: str | None) -> frozenset[str] | None:
    if _plain(value) in ("", "all", "default"):
        return None
    return frozenset(name.strip() for name in _plain(value).split(",") if name.strip())


def offered(operation: AnyOperation, surface: Surface, principal: Principal) -> bool:
    """Whether the caller may be told of the tool.

    A key is told what its scopes allow. An OAuth client is told of everything, because it can ask for a scope it
    lacks and the person can grant it.
    """
    if operation.tool is None or surface.refusal(operation, operation.tool) is not None:
        return False
    return principal.kind == "oauth" or principal.may(operation.scope)


def listed(operations: Iterable[AnyOperation], surface: Surface, principal: Principal) -> frozenset[str]:
    """Names of the tools to list."""
    return frozenset(
        operation.tool.name
        for operation in operations
        if operation.tool is not None and surface.lists(operation.tool) and offered(operation, surface, principal)
    )


def shown(tool: Tool, surface: Surface) -> Tool:
    """The tool as this surface lists it."""
    changes: dict[str, object] = {}
    if surface.builder:
        changes = {"parameters": brief(tool.parameters), "output_schema": {"type": "object"}}
    if surface.read_only and tool.annotations and not tool.annotations.read_only_hint:
        # Only `call_tool` gets here, and on such a connection it reaches nothing that changes anything.
        hints = {"read_only_hint": True, "destructive_hint": False, "idempotent_hint": True}
        changes["annotations"] = tool.annotations.model_copy(update=hints)
    return tool.model_copy(update=changes) if changes else tool
