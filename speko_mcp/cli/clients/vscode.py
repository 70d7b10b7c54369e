"""Visual Studio Code."""

from pathlib import Path

from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import Remote
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.merging.jsonc import Jsonc


def user_folder(machine: Machine) -> Path:
    """Where it keeps the settings of a person, and those of extensions."""
    return machine.application_data / "Code" / "User"


VSCODE = Client(
    id="vscode",
    title="VS Code",
    document=Jsonc(),
    section=("servers",),
    # It does not read variables in headers, but asks for what is listed under `inputs`, once, and keeps it sealed.
    shape=Remote(reference="${input:{}}", always={"type": "http"}),
    user=lambda machine: user_folder(machine) / "mcp.json",
    project=lambda machine: machine.folder / ".vscode" / "mcp.json",
    programs=("code",),
    folders=(user_folder,),
    asks_for_keys=True,
    sign_in="run MCP: List Servers in VS Code, start {name} and allow the sign-in",
)
