"""docs/init.md says what the command does."""

import re
import shlex
from pathlib import Path

import pytest

from speko_mcp.cli.clients import CLIENTS, Client
from speko_mcp.cli.clients.shapes import CannotRefer, Connection, Variable
from speko_mcp.cli.machine import Machine
from tests.mcp.wizard.person import Person

PAGE = (Path(__file__).parents[3] / "docs" / "init.md").read_text()
ROWS = {
    cells[1].strip(" `"): [cell.strip() for cell in cells]
    for cells in (line.split("|") for line in PAGE.splitlines())
    if len(cells) == 6
}
MACHINE = Machine(Path("/home/me"), Path("/src"), "linux", {})


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_the_table_names_each_clients_files_and_reference(client: Client) -> None:
    """MCP-1"""
    _, _, user, project, reference, _ = ROWS[client.id]
    file = re.findall(r"`([^`]+)`", user)[0]
    assert str(client.file(MACHINE, "user")).endswith(file.removeprefix("~"))
    own = client.file(MACHINE, "project")
    assert project.split("`")[1:2] == ([str(own.relative_to("/src"))] if own else [])
    try:
        written = str(client.shape.write(Connection("http://x/mcp", Variable("NAME"))))
    except CannotRefer:
        written = ""
    assert reference.split("`")[1:2] == ([found] if (found := _reference(written)) else [])


def _reference(entry: str) -> str:
    found = re.search(r"Bearer ([^']+)'|(bearer_token_env_var)", entry)
    return (found.group(1) or found.group(2)) if found else ""


def test_the_commands_of_the_page_are_understood(person: Person) -> None:
    """MCP-1"""
    (person.home / ".cursor").mkdir()
    commands = re.findall(r"^speko (init[^#\n]*)", PAGE, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        assert person.init(*shlex.split(command)[1:], "--dry-run").code == 0
