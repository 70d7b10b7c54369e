"""Windsurf."""

from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import Remote
from speko_mcp.cli.merging.jsonc import Jsonc

WINDSURF = Client(
    id="windsurf",
    title="Windsurf",
    document=Jsonc(),
    section=("mcpServers",),
    shape=Remote(url="serverUrl", reference="${env:{}}"),
    user=lambda machine: machine.home / ".codeium" / "windsurf" / "mcp_config.json",
    programs=("windsurf",),
    folders=(lambda machine: machine.home / ".codeium" / "windsurf",),
    sign_in="refresh the MCP servers in Windsurf's Cascade panel and sign in to {name}",
)
