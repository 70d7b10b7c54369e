"""Cline, the extension of VS Code."""

from pathlib import Path

from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import Remote
from speko_mcp.cli.clients.vscode import user_folder
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.merging.jsonc import Jsonc


def _folder(machine: Machine) -> Path:
    return user_folder(machine) / "globalStorage" / "saoudrizwan.claude-dev"


CLINE = Client(
    id="cline",
    title="Cline",
    document=Jsonc(),
    section=("mcpServers",),
    shape=Remote(always={"type": "streamableHttp"}, new={"disabled": False}),
    user=lambda machine: _folder(machine) / "settings" / "cline_mcp_settings.json",
    folders=(_folder,),
    sign_in="open Cline's MCP servers and sign in to {name}",
)
