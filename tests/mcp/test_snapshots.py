"""The committed contract of the tools: a change of a name, a schema or a hint shows up as a difference to review."""

import json

import pytest

from tests.mcp.snapshots import FOLDER, SIZES, taken

TAKEN = taken()
COMMAND = "when this was meant, run: python -m tests.mcp.snapshots"
GROWTH = 1.05


@pytest.mark.parametrize("name", sorted(name for name in TAKEN if name != SIZES))
def test_the_tools_are_as_committed(name: str) -> None:
    """MCP-9"""
    committed, now = json.loads((FOLDER / name).read_text()), json.loads(TAKEN[name])
    assert sorted(committed) == sorted(now), COMMAND
    assert [tool for tool in now if committed[tool] != now[tool]] == [], COMMAND


def test_no_toolset_is_left_over() -> None:
    """MCP-9"""
    assert {path.name for path in FOLDER.glob("*.json")} == set(TAKEN), COMMAND


@pytest.mark.parametrize("surface", ["default", "builder"])
def test_the_lists_do_not_grow_unnoticed(surface: str) -> None:
    """MCP-9"""
    committed, now = json.loads((FOLDER / SIZES).read_text())[surface], json.loads(TAKEN[SIZES])[surface]
    assert now["tools"] <= committed["tools"], COMMAND
    assert now["tokens"] <= committed["tokens"] * GROWTH, COMMAND
