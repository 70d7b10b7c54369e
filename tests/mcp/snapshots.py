"""The contract of every tool as committed files, one for each toolset, and what the lists cost.

`python -m tests.mcp.snapshots` writes them anew after a change that was meant; the difference is then reviewed.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import mcp_types

from speko_core.deps import Deps
from speko_core.operations import ToolBinding
from speko_core.registry import OPERATIONS
from speko_mcp.binding import OperationTool, tool_from
from speko_mcp.catalog import Catalog
from speko_mcp.discovery import discovery_tools
from speko_mcp.errors import NextTools
from speko_mcp.surface import Surface, shown

FOLDER = Path(__file__).with_name("snapshots")
SIZES = "sizes.json"
# Tools are described without a running installation; nothing here calls one.
_NO_DEPS = cast(Deps, None)


def every_tool() -> list[OperationTool]:
    """A tool for each operation that has one."""
    bound = [operation for operation in OPERATIONS if operation.tool is not None]
    return [tool_from(operation, _NO_DEPS, NextTools(bound)) for operation in bound]


def tokens_of(tools: Iterable[mcp_types.Tool]) -> int:
    """What a list costs in each conversation, at four characters a token."""
    listed = mcp_types.ListToolsResult(tools=list(tools)).model_dump(mode="json", by_alias=True, exclude_none=True)
    return len(json.dumps(listed, separators=(",", ":"))) // 4


def taken() -> dict[str, str]:
    """Every file as it should be now."""
    tools = every_tool()
    by_toolset: dict[str, dict[str, Any]] = {}
    for tool in tools:
        by_toolset.setdefault(_binding(tool).toolset, {})[tool.name] = _described(tool)
    files = {f"{toolset}.json": entries for toolset, entries in by_toolset.items()}
    files["discovery.json"] = {tool.name: _described(tool) for tool in discovery_tools(Catalog(tools))}
    files[SIZES] = {"default": _size(tools, Surface()), "builder": _size(tools, Surface(builder=True))}
    return {name: json.dumps(value, indent=1, sort_keys=True) + "\n" for name, value in files.items()}


def _size(tools: list[OperationTool], surface: Surface) -> dict[str, int]:
    listed = [tool for tool in tools if surface.lists(_binding(tool))]
    wire = [shown(tool, surface).to_mcp_tool() for tool in [*listed, *discovery_tools(Catalog(tools))]]
    return {"tools": len(wire), "tokens": tokens_of(wire)}


def _binding(tool: OperationTool) -> ToolBinding:
    assert tool.operation.tool is not None
    return tool.operation.tool


def _described(tool: Any) -> Any:
    return tool.to_mcp_tool().model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"name", "meta"})


def write() -> None:
    """Replace the committed files."""
    FOLDER.mkdir(exist_ok=True)
    for stale in FOLDER.glob("*.json"):
        stale.unlink()
    for name, text in taken().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
