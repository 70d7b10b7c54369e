"""Gemini CLI."""

from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import Remote
from speko_mcp.cli.merging.jsonc import Jsonc

GEMINI_CLI = Client(
    id="gemini-cli",
    title="Gemini CLI",
    document=Jsonc(),
    section=("mcpServers",),
    shape=Remote(reference="${{}}", always={"type": "http"}),
    user=lambda machine: machine.home / ".gemini" / "settings.json",
    project=lambda machine: machine.folder / ".gemini" / "settings.json",
    programs=("gemini",),
    sign_in="run /mcp auth {name} in Gemini CLI",
)
