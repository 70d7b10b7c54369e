"""The coding agents that `speko init` knows, one small declaration each."""

from speko_mcp.cli.clients.claude_code import CLAUDE_CODE
from speko_mcp.cli.clients.claude_desktop import CLAUDE_DESKTOP
from speko_mcp.cli.clients.cline import CLINE
from speko_mcp.cli.clients.codex import CODEX
from speko_mcp.cli.clients.cursor import CURSOR
from speko_mcp.cli.clients.declaration import Client, Scope
from speko_mcp.cli.clients.gemini_cli import GEMINI_CLI
from speko_mcp.cli.clients.goose import GOOSE
from speko_mcp.cli.clients.opencode import OPENCODE
from speko_mcp.cli.clients.vscode import VSCODE
from speko_mcp.cli.clients.windsurf import WINDSURF
from speko_mcp.cli.clients.zed import ZED

CLIENTS: tuple[Client, ...] = (
    CLAUDE_CODE,
    CODEX,
    OPENCODE,
    CURSOR,
    VSCODE,
    WINDSURF,
    GEMINI_CLI,
    CLINE,
    ZED,
    CLAUDE_DESKTOP,
    GOOSE,
)

__all__ = ["CLIENTS", "Client", "Scope"]
