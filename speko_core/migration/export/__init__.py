"""Writing the neutral model for other platforms, so that leaving is as easy as coming."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from speko_core.migration.documents import File
from speko_core.migration.export import elevenlabs, retell, vapi
from speko_core.migration.neutral import Agent
from speko_core.migration.parse import parse_files
from speko_core.types import JsonObject, JsonValue

Target = Literal["vapi", "retell", "elevenlabs"]
EMITTERS: dict[Target, Callable[[Agent], JsonObject]] = {
    "vapi": vapi.assistant,
    "retell": retell.bundle,
    "elevenlabs": elevenlabs.agent_config,
}
# Facts about the source and not about the agent.
_NOT_SAID = ("key",)


@dataclass(frozen=True)
class Exported:
    """A document for the other platform, and the fields of the neutral model that it does not say."""

    document: JsonObject
    lost: tuple[str, ...]


def export(agent: Agent, target: Target) -> Exported:
    """Write one agent for a platform. What is lost is found by reading the document back."""
    document = EMITTERS[target](agent)
    read = parse_files([File(f"{target}.json", json.dumps(document).encode())], target).parsed
    # Without a model and a prompt there is nothing the platform would take for an agent.
    return Exported(document, tuple(lost_of(agent, read[0].agents.agents[0] if read else None)))


def lost_of(agent: Agent, back: Agent | None) -> list[str]:
    """The fields that an agent which was read back does not say, or says differently."""
    return _lost(_said(agent), _said(back) if back else {}, "")


def _said(agent: Agent) -> JsonObject:
    made = agent.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    return {name: value for name, value in made.items() if name not in _NOT_SAID}


def _lost(mine: JsonValue, back: JsonValue, where: str) -> list[str]:
    """The places where the document says less, or something else."""
    if isinstance(mine, dict) and isinstance(back, dict):
        inner = [_lost(value, back.get(name), f"{where}.{name}".lstrip(".")) for name, value in mine.items()]
        return [place for places in inner for place in places]
    if isinstance(mine, list) and isinstance(back, list) and len(mine) == len(back):
        pairs = zip(mine, back, strict=True)
        return [place for at, (one, other) in enumerate(pairs) for place in _lost(one, other, f"{where}[{at}]")]
    return [] if mine == back else [where]


__all__ = ["EMITTERS", "Exported", "Target", "export", "lost_of"]
