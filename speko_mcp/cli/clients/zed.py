"""Zed."""

from pathlib import Path

from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import Remote
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.merging.jsonc import Jsonc


def _folder(machine: Machine) -> Path:
    folder = machine.application_data if machine.platform == "win32" else machine.config
    return folder / ("Zed" if machine.platform == "win32" else "zed")


ZED = Client(
    id="zed",
    title="Zed",
    document=Jsonc(),
    section=("context_servers",),
    shape=Remote(always={"source": "custom", "type": "http"}),
    user=lambda machine: _folder(machine) / "settings.json",
    project=lambda machine: machine.folder / ".zed" / "settings.json",
    programs=("zed", "zeditor"),
    folders=(_folder,),
    sign_in="open the agent settings in Zed and sign in to {name}",
)
