"""OpenCode."""

from pathlib import Path

from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import Remote
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.merging.jsonc import Jsonc


def _folder(machine: Machine) -> Path:
    return machine.config / "opencode"


def _file_in(folder: Path) -> Path:
    """The file that is there. OpenCode reads both, and the one with comments wins."""
    commented = folder / "opencode.jsonc"
    return commented if commented.exists() else folder / "opencode.json"


OPENCODE = Client(
    id="opencode",
    title="OpenCode",
    document=Jsonc(),
    section=("mcp",),
    shape=Remote(reference="{env:{}}", always={"type": "remote"}, new={"enabled": True}, with_key={"oauth": False}),
    user=lambda machine: _file_in(_folder(machine)),
    project=lambda machine: _file_in(machine.folder),
    programs=("opencode",),
    folders=(_folder,),
    new_file={"$schema": "https://opencode.ai/config.json"},
    sign_in="opencode mcp auth {name}",
)
