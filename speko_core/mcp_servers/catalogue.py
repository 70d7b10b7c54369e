"""What a server offers and what of it an agent can have. Pure: nothing is asked, nothing is written."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from speko_core.late import LateModule
from speko_core.ports.tool_servers import RemoteTool
from speko_core.types import JsonObject

if TYPE_CHECKING:
    from speko_core.tools import parameters
else:
    # JSON Schema and its patterns: ten megabytes that only calls of tools need.
    parameters = LateModule("speko_core.tools.parameters")

MAX_LISTED = 200
MAX_DESCRIPTION_CHARS = 10_000
_TOOL_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_UNNAMED = "its name with the prefix must begin with a letter and have at most 64 characters"
_OTHER = re.compile(r"[^a-z0-9]+")
ChangeKind = Literal["added", "changed", "removed"]


@dataclass(frozen=True)
class Offer:
    """A tool of a server for an agent: `name` is the agent's for it, `problem` why the agent cannot have it.

    `taken` marks the problem that another tool has the name, or the agent has no room.
    """

    remote: RemoteTool
    name: str | None
    chosen: bool
    problem: str | None = None
    taken: bool = False

    @property
    def usable(self) -> bool:
        """True when the agent gets it."""
        return self.chosen and self.problem is None


def slug(text: str) -> str:
    """A name in `snake_case`, of whatever letters and digits a text has."""
    return _OTHER.sub("_", _HUMP.sub("_", text).lower()).strip("_")


def offers(
    prefix: str, selection: Collection[str] | None, tools: Sequence[RemoteTool], taken: Collection[str], room: int
) -> list[Offer]:
    """Judge every tool of a server; `taken` are names of the agent's other tools, `room` how many more it may have."""
    names, found = set(taken), list[Offer]()
    for tool in tools:
        chosen = selection is None or tool.name in selection
        offer = _judged(tool, "_".join(filter(None, (prefix, slug(tool.name)))), chosen, names, room)
        if offer.usable and offer.name:
            names.add(offer.name)
            room -= 1
        found.append(offer)
    return found


def _judged(tool: RemoteTool, name: str, chosen: bool, names: Collection[str], room: int) -> Offer:
    if not _TOOL_NAME.fullmatch(name):
        return Offer(tool, None, chosen, _UNNAMED)
    problem = _problem(tool)
    if problem is None and chosen and name in names:
        return Offer(tool, name, chosen, f"another tool of the agent is called {name}", taken=True)
    if problem is None and chosen and room < 1:
        return Offer(tool, name, chosen, "the agent has as many tools as an agent may have", taken=True)
    return Offer(tool, name, chosen, problem)


def _problem(tool: RemoteTool) -> str | None:
    if len(tool.description) > MAX_DESCRIPTION_CHARS:
        return f"its description is longer than {MAX_DESCRIPTION_CHARS} characters"
    problem = parameters.schema_problem(tool.parameters)
    return None if problem is None else f"its parameters: {problem}"


def stored(tools: Sequence[RemoteTool]) -> JsonObject:
    """A catalogue as it is kept."""
    return {tool.name: {"description": tool.description, "parameters": tool.parameters} for tool in tools}


def tools_in(catalogue: JsonObject) -> list[RemoteTool]:
    """The tools of a kept catalogue, by name."""
    return [
        RemoteTool(name, str(kept["description"]), kept["parameters"])
        for name, kept in sorted(catalogue.items())
        if isinstance(kept, dict) and isinstance(kept["parameters"], dict)
    ]


@dataclass(frozen=True)
class Change:
    """What became of one tool of a server."""

    remote_name: str
    change: ChangeKind
    fields: tuple[str, ...] = ()


def changes(before: Mapping[str, RemoteTool], after: Mapping[str, RemoteTool]) -> list[Change]:
    """The differences of two catalogues, by name."""
    found = list[Change]()
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            found.append(Change(name, "removed" if new is None else "added"))
        elif old != new:
            fields = [field for field in ("description", "parameters") if getattr(old, field) != getattr(new, field)]
            found.append(Change(name, "changed", tuple(fields)))
    return found
