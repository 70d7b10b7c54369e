"""Goose."""

from dataclasses import dataclass
from pathlib import Path

from speko_core.types import JsonObject
from speko_mcp.cli.clients.declaration import Client
from speko_mcp.cli.clients.shapes import Remote
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.merging.yaml import Yaml


def _folder(machine: Machine) -> Path:
    if machine.platform == "win32":
        return machine.application_data / "Block" / "goose" / "config"
    return machine.config / "goose"


@dataclass(frozen=True)
class Extension(Remote):
    """Goose reads an extension only when it says its name again."""

    def at_first(self, name: str) -> JsonObject:
        """What a new extension has besides."""
        return {"enabled": True, "name": name, "description": "Voice agents", "timeout": 300}


GOOSE = Client(
    id="goose",
    title="Goose",
    document=Yaml(),
    section=("extensions",),
    shape=Extension(url="uri", always={"type": "streamable_http"}),
    user=lambda machine: _folder(machine) / "config.yaml",
    programs=("goose",),
    folders=(_folder,),
    sign_in="start a Goose session; the browser opens",
)
