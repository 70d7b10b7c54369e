"""Claude Code."""

from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import Remote
from speko_mcp.cli.merging.jsonc import Jsonc

CLAUDE_CODE = Client(
    id="claude-code",
    title="Claude Code",
    document=Jsonc(),
    section=("mcpServers",),
    shape=Remote(reference="${{}}", always={"type": "http"}),
    user=lambda machine: machine.named("CLAUDE_CONFIG_DIR", machine.home) / ".claude.json",
    project=lambda machine: machine.folder / ".mcp.json",
    programs=("claude",),
    folders=(lambda machine: machine.home / ".claude",),
    sign_in="run /mcp in Claude Code and choose {name}",
)
