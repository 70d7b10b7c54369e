"""Codex."""

from pathlib import Path

from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import CodexTable
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.merging.toml import Toml


def _home(machine: Machine) -> Path:
    return machine.named("CODEX_HOME", machine.home / ".codex")


CODEX = Client(
    id="codex",
    title="Codex",
    document=Toml(),
    section=("mcp_servers",),
    shape=CodexTable(),
    user=lambda machine: _home(machine) / "config.toml",
    project=lambda machine: machine.folder / ".codex" / "config.toml",
    programs=("codex",),
    folders=(_home,),
    sign_in="codex mcp login {name}",
)
