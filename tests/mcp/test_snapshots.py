"""The committed contract of the tools: a change of a name, a schema or a hint shows up as a difference to review."""

import json
from typing import Any

import pytest

from tests.mcp.snapshots import FOLDER, SIZES, taken

COMMAND = "when this was meant, run: python -m tests.mcp.snapshots"
GROWTH = 1.05


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    """Every file as it should be."""
    return {name: json.loads(content) for name, content in taken().items()}


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.json") if path.name != SIZES))
def test_the_tools_are_as_committed(name: str, now: dict[str, Any]) -> None:
    """MCP-9"""
    committed, now = json.loads((FOLDER / name).read_text()), now[name]
    assert sorted(committed) == sorted(now), COMMAND
    assert [tool for tool in now if committed[tool] != now[tool]] == [], COMMAND


def test_no_toolset_is_left_over(now: dict[str, Any]) -> None:
    """MCP-9"""
    assert {path.name for path in FOLDER.glob("*.json")} == set(now), COMMAND


@pytest.mark.parametrize("surface", ["default", "builder"])
def test_the_lists_do_not_grow_unnoticed(surface: str, now: dict[str, Any]) -> None:
    """MCP-9"""
    committed, now = json.loads((FOLDER / SIZES).read_text())[surface], now[SIZES][surface]
    assert now["tools"] <= committed["tools"], COMMAND
    assert now["tokens"] <= committed["tokens"] * GROWTH, COMMAND
