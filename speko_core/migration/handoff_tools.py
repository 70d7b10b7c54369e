"""Handoffs of a source as tools that hand over. Agents are named by their keys until they are here and have ids."""

from collections.abc import Mapping, Sequence

from speko_core.migration.neutral import Handoff
from speko_core.migration.tool_bodies import builtin
from speko_core.types import JsonObject, JsonValue

MAX_AGENTS = 20
MAX_TOOLS = 100
_NAME = "transfer_to_agent"
_WORDS = (
    "Hand the conversation to another agent as soon as the condition of one of them is met. Do not announce it; the "
    "other agent goes on at once."
)


def handoff_tool(
    key: str, handoffs: Sequence[Handoff], keys: set[str], taken: set[str], warnings: list[str]
) -> JsonObject | None:
    """The body of the tool that hands over from the agent `key`; None where it hands over to nobody."""
    ways: dict[str, list[Handoff]] = {}
    for way in handoffs:
        if way.source == key and way.target in keys and way.target != key:
            ways.setdefault(way.target, []).append(way)
    if not ways:
        return None
    if len(ways) > MAX_AGENTS or len(taken) >= MAX_TOOLS:
        warnings.append(f"{key} hands over to {MAX_AGENTS} agents at most, within {MAX_TOOLS} tools.")
    if len(taken) >= MAX_TOOLS:
        return None
    agents: list[JsonValue] = [_agent(target, ways[target]) for target in list(ways)[:MAX_AGENTS]]
    name = next(free for at in range(1, MAX_TOOLS + 2) if (free := _NAME if at == 1 else f"{_NAME}_{at}") not in taken)
    return {**builtin(_NAME, _WORDS, {"agents": agents}), "name": name}


def with_ids(tool: JsonObject, ids: Mapping[str, str]) -> JsonObject:
    """The body with the ids of the agents that are here, where their keys stood."""
    source = tool["source"]
    config = source["config"] if isinstance(source, dict) else None
    agents = config["agents"] if isinstance(config, dict) else None
    assert isinstance(source, dict)
    assert isinstance(agents, list)
    known: list[JsonValue] = [{**one, "agentId": ids[str(one["agentId"])]} for one in agents if isinstance(one, dict)]
    return {**tool, "source": {**source, "config": {"agents": known}}}


def _agent(target: str, ways: Sequence[Handoff]) -> JsonObject:
    told: JsonObject = {"agentId": target, "name": target}
    conditions = list(dict.fromkeys(way.condition for way in ways if way.condition))
    if conditions:
        told["description"] = " Or: ".join(conditions)[:1_000]
    message = next((way.message for way in ways if way.message), None)
    if message:
        told["message"] = message[:500]
    return told
