"""Claude Desktop, whose file holds local programs only: it reaches the server through `mcp-remote`."""

from pathlib import Path

from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import Bridge
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.merging.jsonc import Jsonc


def _folder(machine: Machine) -> Path:
    return machine.application_data / "Claude"


CLAUDE_DESKTOP = Client(
    id="claude-desktop",
    title="Claude Desktop",
    document=Jsonc(),
    section=("mcpServers",),
    shape=Bridge(),
    user=lambda machine: _folder(machine) / "claude_desktop_config.json",
    folders=(_folder,),
    sign_in="restart Claude Desktop; the browser opens (Node.js must be installed)",
)
