"""What there is to say about one coding agent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from speko_core.types import JsonObject
from speko_mcp.cli.clients.shapes import Shape
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.merging.document import Document

Scope: TypeAlias = Literal["user", "project"]
Place: TypeAlias = Callable[[Machine], Path]


@dataclass(frozen=True)
class Client:
    """A program that can use MCP servers, and where and how it is told about them."""

    id: str
    title: str
    document: Document
    section: tuple[str, ...]
    shape: Shape
    user: Place
    project: Place | None = None
    programs: Sequence[str] = ()
    folders: Sequence[Place] = ()
    """Its own folders: when one of them is there, so is the client."""
    new_file: JsonObject = field(default_factory=dict)
    """What a file starts with that is made for it."""
    asks_for_keys: bool = False
    """Whether a reference names one of the file's `inputs`, for which the client asks the person."""
    sign_in: str = ""
    """What a person does to sign in with OAuth."""

    def file(self, machine: Machine, scope: Scope) -> Path | None:
        """The configuration file; None where the client has none for this folder alone, as in the home folder."""
        user = self.user(machine)
        if scope == "user":
            return user
        project = self.project(machine) if self.project else user
        return None if project == user else project

    def is_installed(self, machine: Machine) -> bool:
        """Whether there is a trace of it on this machine."""
        places = [self.user(machine), *(place(machine) for place in self.folders)]
        return any(place.exists() for place in places) or any(map(machine.has_program, self.programs))
