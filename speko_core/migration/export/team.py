"""Agents that hand over to each other, for another platform: a squad where it has squads, else a document an agent."""

import json
from dataclasses import dataclass, replace

from speko_core.migration.documents import File
from speko_core.migration.export import Exported, Target, export, lost_of
from speko_core.migration.export.vapi import assistant
from speko_core.migration.neutral import Agent, Handoff, VoiceAgents
from speko_core.migration.parse import parse_files
from speko_core.types import JsonObject, JsonValue

HANDOFFS = "handoffs"


@dataclass(frozen=True)
class Named:
    """What was written, and for whom."""

    name: str
    exported: Exported


def export_team(found: VoiceAgents, target: Target) -> list[Named]:
    """Write every agent of a document. What is lost of each is named, its handoffs among it."""
    if target == "vapi" and found.handoffs:
        return [_squad(found)]
    hands_over = {way.source for way in found.handoffs}
    made = [Named(agent.name or agent.key, export(agent, target)) for agent in found.agents]
    return [
        replace(one, exported=replace(one.exported, lost=(*one.exported.lost, HANDOFFS)))
        if agent.key in hands_over
        else one
        for one, agent in zip(made, found.agents, strict=True)
    ]


def _squad(found: VoiceAgents) -> Named:
    agents = sorted(found.agents, key=lambda agent: agent.key != found.entry)
    names = {agent.key: agent.name or agent.key for agent in agents}
    members: list[JsonValue] = [_member(agent, found.handoffs, names) for agent in agents]
    document: JsonObject = {"members": members}
    read = parse_files([File("vapi.json", json.dumps(document).encode())], "vapi").parsed
    back = read[0].agents if read else VoiceAgents(platform="vapi", kind="squad", agents=[])
    lost = [
        f"{names[mine.key]}.{place}"
        for mine, other in zip(agents, back.agents, strict=False)
        for place in lost_of(mine, other)
    ]
    return Named("squad", Exported(document, (*lost, *([] if _same_ways(found, agents, back) else [HANDOFFS]))))


def _member(agent: Agent, handoffs: list[Handoff], names: dict[str, str]) -> JsonObject:
    destinations: list[JsonValue] = []
    for way in handoffs:
        if way.source == agent.key and way.target in names:
            told: JsonObject = {"type": "assistant", "assistantName": names[way.target], "description": way.condition}
            destinations.append({**told, "message": way.message} if way.message else told)
    member: JsonObject = {"assistant": {**assistant(agent), "name": names[agent.key]}}
    return {**member, "assistantDestinations": destinations} if destinations else member


def _same_ways(found: VoiceAgents, agents: list[Agent], back: VoiceAgents) -> bool:
    keys = {other.key: mine.key for mine, other in zip(agents, back.agents, strict=False)}
    ways = {(keys.get(way.source), keys.get(way.target), way.condition) for way in back.handoffs}
    return ways == {(way.source, way.target, way.condition) for way in found.handoffs}
