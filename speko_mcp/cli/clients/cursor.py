"""Cursor."""

from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import Remote
from speko_mcp.cli.merging.jsonc import Jsonc

CURSOR = Client(
    id="cursor",
    title="Cursor",
    document=Jsonc(),
    section=("mcpServers",),
    shape=Remote(reference="${env:{}}"),
    user=lambda machine: machine.home / ".cursor" / "mcp.json",
    project=lambda machine: machine.folder / ".cursor" / "mcp.json",
    programs=("cursor", "cursor-agent"),
    folders=(lambda machine: machine.home / ".cursor",),
    sign_in="open Cursor Settings, MCP, and sign in to {name}",
)
