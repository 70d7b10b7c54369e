"""Which tools a client is shown and may call. Read-only wins over everything.

Selected per request, because nothing is kept between requests: by URL (`/mcp?toolsets=agents,docs&readonly=1`) or by
header (`X-MCP-Toolsets`, `X-MCP-Readonly`); where both are given, the narrower choice holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.datastructures import Headers, QueryParams

from speko_core.operations import AnyOperation, ToolBinding
from speko_core.principal import Principal

_NO = frozenset({"", "0", "false", "no"})


@dataclass(frozen=True)
class Surface:
    """One client's choice; `toolsets` None means the default surface."""

    toolsets: frozenset[str] | None = None
    read_only: bool = False

    def refusal(self, operation: AnyOperation, binding: ToolBinding) -> str | None:
        """Why this tool may not be called here, or None when it may."""
        if self.read_only and operation.effect != "read":
            return "This connection is read-only."
        if self.toolsets is not None and binding.toolset not in self.toolsets:
            return f"This connection is limited to the toolsets {', '.join(sorted(self.toolsets))}."
        return None

    def lists(self, binding: ToolBinding) -> bool:
        """Whether the tool is worth its place in the list: all of a chosen toolset, else the default choice."""
        return binding.listed or self.toolsets is not None


def surface_of(query: QueryParams, headers: Headers) -> Surface:
    """Read the choice of one request. Unknown toolset names select nothing."""
    chosen = [_names(query.get("toolsets")), _names(headers.get("x-mcp-toolsets"))]
    given = [names for names in chosen if names is not None]
    read_only = [query.get("readonly", ""), query.get("read_only", ""), headers.get("x-mcp-readonly", "")]
    return Surface(
        frozenset.intersection(*given) if given else None,
        any(value.lower() not in _NO for value in read_only),
    )


def _names(value: str | None) -> frozenset[str] | None:
    if value is None or value.strip().lower() in ("", "all", "default"):
        return None
    return frozenset(name.strip().lower() for name in value.split(",") if name.strip())


def listed(operations: Iterable[AnyOperation], surface: Surface, principal: Principal) -> frozenset[str]:
    """Names of the tools to list.

    A key is shown what its scopes allow. An OAuth client is shown everything, because it can ask for a scope it
    lacks and the person can grant it.
    """
    return frozenset(
        operation.tool.name
        for operation in operations
        if operation.tool is not None
        and surface.lists(operation.tool)
        and surface.refusal(operation, operation.tool) is None
        and (principal.kind == "oauth" or principal.may(operation.scope))
    )
