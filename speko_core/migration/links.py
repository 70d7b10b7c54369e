"""A graph as agents that are linked: each stage that talks is one, the ways between them are handovers (MIG-3)."""

from collections.abc import Iterator

from speko_core.handover import MOST_LINKED
from speko_core.migration import tools
from speko_core.migration.graphs import DO, ordered
from speko_core.migration.neutral import Agent, Graph, GraphNode, Handoff, Transfer
from speko_core.migration.ways import TALKS, Way, Ways

TOO_MANY = f"Only the first {MOST_LINKED} stages that talk became agents; the others are left out."


def linked(entry: Agent, graph: Graph, warnings: list[str]) -> tuple[list[Agent], list[Handoff]]:
    """The agents, the one that answers first, and the handovers between them."""
    ways = Ways(graph)
    everywhere = [node for node in graph.nodes if _is_said_everywhere(node, graph)]
    talking = [node for node in ordered(graph) if ways.is_stage(node) and node not in everywhere]
    if len(talking) > MOST_LINKED:
        warnings.append(TOO_MANY)
    stages = talking[:MOST_LINKED]
    if not stages:
        return [entry], []
    keys = {node.id: f"{tools.tool_name(node.name or node.id, 'stage')}_{at}" for at, node in enumerate(stages, 1)}
    prompt = "\n\n".join(filter(None, [entry.prompt, *(node.text for node in everywhere)]))
    common = entry.model_copy(deep=True, update={"prompt": prompt})
    made, handoffs = [], list[Handoff]()
    for node in stages:
        onward = [*ways.of(node), *_from_anywhere(node, graph)]
        made.append(_agent(common, node, onward, keys))
        handoffs += _handoffs(keys[node.id], onward, keys)
    made[0].first_message = entry.first_message
    return made, handoffs


def _is_said_everywhere(node: GraphNode, graph: Graph) -> bool:
    """A global stage that nothing leads to is a text for all of them."""
    return node.kind == "global" and not node.condition and all(edge.target != node.id for edge in graph.edges)


def _from_anywhere(node: GraphNode, graph: Graph) -> Iterator[Way]:
    for other in graph.nodes:
        if other.condition and other.id != node.id:
            yield Way(((other.condition, other),))


def _agent(common: Agent, node: GraphNode, onward: list[Way], keys: dict[str, str]) -> Agent:
    named = {*node.tools, *(name for way in onward for _, step in way.steps for name in step.tools)}
    words = f"{DO.get(node.kind, '')}{node.text}"
    agent = common.model_copy(
        deep=True,
        update={
            "key": keys[node.id],
            "name": f"{common.name or 'Agent'}: {node.name or node.id}",
            "prompt": "\n\n".join(filter(None, [common.prompt, words, _what_comes_next(onward, keys)])),
            "graph": None,
            "first_message": type(common.first_message)(),
            "tools": [tool for tool in common.tools if not node.tools or tool.name in named or tool.kind == "builtin"],
        },
    )
    if any(way.to.kind == "end" for way in onward):
        tools.end_call(agent)
    known = {transfer.to for transfer in agent.transfers}
    for way in onward:
        if way.to.transfer_to and way.to.transfer_to not in known:
            agent.transfers.append(Transfer(to=way.to.transfer_to, description=way.condition or way.to.name))
            known.add(way.to.transfer_to)
    return agent


def _what_comes_next(onward: list[Way], keys: dict[str, str]) -> str:
    lines = [f"- {line}" for way in onward if (line := _line(way, keys))]
    return "\n".join(["# What comes next", *lines]) if lines else ""


def _line(way: Way, keys: dict[str, str]) -> str:
    """Conditions and what is done, in their order: what is said of a tool's outcome stands behind the tool."""
    parts: list[str] = []
    conditions: list[str] = []
    for condition, node in way.steps:
        conditions += [condition] if condition else []
        words = _words(node, keys)
        if words:
            when = f"When {', and '.join(conditions)}: " if conditions else "Then: "
            parts.append(f"{when}{words}")
            conditions = []
    return " ".join(parts)


def _words(node: GraphNode, keys: dict[str, str]) -> str:
    if node.id in keys:
        return f"hand over to {keys[node.id]}."
    if node.kind in TALKS:
        return ""
    done = f"use {', '.join(node.tools)}." if node.tools else ""
    if node.transfer_to or node.kind == "transfer":
        done = f"use transfer_call for {node.transfer_to or node.name}."
    if node.kind == "end":
        done = f"{done} Close the call, then use end_call.".strip()
    if node.kind in ("end", "transfer") and node.text:
        return f"{node.text} {done[:1].upper()}{done[1:]}"
    return f"{done} {node.text}".strip()


def _handoffs(source: str, onward: list[Way], keys: dict[str, str]) -> list[Handoff]:
    return [
        Handoff(source=source, target=keys[way.to.id], condition=way.condition)
        for way in onward
        if way.to.id in keys and keys[way.to.id] != source
    ]
