"""A graph as agents that are linked: each stage that talks is one, the ways between them are handovers (MIG-3)."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from speko_core.handover import MOST_LINKED
from speko_core.migration import graphs, tools
from speko_core.migration.neutral import Agent, Graph, GraphEdge, GraphNode, Handoff, Transfer

_TALKS = ("talk", "say", "global")
_MAX_WAYS = 40
TOO_MANY = f"Only the first {MOST_LINKED} stages that talk became agents; the others are left out."


@dataclass(frozen=True)
class Way:
    """From a stage on, past what does not talk, to what comes next."""

    condition: str
    past: tuple[GraphNode, ...]
    to: GraphNode


def linked(entry: Agent, graph: Graph, warnings: list[str]) -> tuple[list[Agent], list[Handoff]]:
    """The agents, the one that answers first, and the handovers between them."""
    everywhere = [node.text for node in graph.nodes if _is_said_everywhere(node, graph) and node.text]
    talking = [node for node in graphs.ordered(graph) if node.kind in _TALKS and not _is_said_everywhere(node, graph)]
    if len(talking) > MOST_LINKED:
        warnings.append(TOO_MANY)
    stages = talking[:MOST_LINKED]
    if not stages:
        return [entry], []
    keys = {node.id: f"{tools.tool_name(node.name or node.id, 'stage')}_{at}" for at, node in enumerate(stages, 1)}
    common = entry.model_copy(deep=True, update={"prompt": "\n\n".join(filter(None, [entry.prompt, *everywhere]))})
    ways = _Ways(graph)
    made, handoffs = [], list[Handoff]()
    for node in stages:
        onward = [*ways.of(node), *_anytime(node, stages)]
        made.append(_agent(common, node, onward, keys))
        handoffs += _handoffs(keys[node.id], onward, keys)
    made[0].first_message = entry.first_message
    return made, handoffs


def _is_said_everywhere(node: GraphNode, graph: Graph) -> bool:
    """A global stage that nothing leads to is a text for all of them."""
    return node.kind == "global" and not node.condition and all(edge.target != node.id for edge in graph.edges)


def _anytime(node: GraphNode, stages: list[GraphNode]) -> Iterator[Way]:
    for other in stages:
        if other.kind == "global" and other.condition and other.id != node.id:
            yield Way(other.condition, (), other)


class _Ways:
    """Where each stage leads."""

    def __init__(self, graph: Graph) -> None:
        self._nodes = {node.id: node for node in reversed(graph.nodes)}
        self._onward: dict[str, list[GraphEdge]] = defaultdict(list)
        for edge in graph.edges:
            self._onward[edge.source].append(edge)

    def of(self, stage: GraphNode) -> list[Way]:
        """Every way to something that talks or ends the call, and to a tool that nothing follows."""
        found: list[Way] = []
        passed = {stage.id}
        waiting: deque[tuple[GraphEdge, str, tuple[GraphNode, ...]]] = deque(
            (edge, "", ()) for edge in self._onward[stage.id]
        )
        while waiting and len(found) < _MAX_WAYS:
            edge, before, past = waiting.popleft()
            node = self._nodes.get(edge.target)
            if node is None:
                continue
            condition = ", then ".join(filter(None, [before, _words(edge)]))
            further = [] if _stops(node) else self._onward[node.id]
            if not further:
                found.append(Way(condition, past, node))
            elif node.id not in passed:
                passed.add(node.id)
                waiting.extend((one, condition, (*past, node)) for one in further)
        return found


def _stops(node: GraphNode) -> bool:
    return node.kind in (*_TALKS, "end", "transfer") or node.transfer_to is not None


def _words(edge: GraphEdge) -> str:
    if edge.kind == "else":
        return "nothing else fits"
    return edge.condition.strip().rstrip(".")


def _agent(common: Agent, node: GraphNode, onward: list[Way], keys: dict[str, str]) -> Agent:
    named = {*node.tools, *(name for way in onward for step in (*way.past, way.to) for name in step.tools)}
    prompt = "\n\n".join(filter(None, [common.prompt, graphs.stage_words(node), _what_comes_next(onward, keys)]))
    agent = common.model_copy(
        deep=True,
        update={
            "key": keys[node.id],
            "name": f"{common.name or 'Agent'}: {node.name or node.id}",
            "prompt": prompt,
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
    lines = [line for way in onward if (line := _line(way, keys))]
    return "\n".join(["# What comes next", *lines]) if lines else ""


def _line(way: Way, keys: dict[str, str]) -> str:
    when = f"When {way.condition}: " if way.condition else "Then "
    steps = "".join(f"{graphs.stage_words(step)} " for step in way.past if step.text or step.tools)
    if way.to.kind == "end":
        return f"- {when}{steps}{way.to.text} Close the call, then use end_call.".replace("  ", " ")
    if way.to.transfer_to or way.to.kind == "transfer":
        return f"- {when}{steps}use transfer_call for {way.to.transfer_to or way.to.name}."
    if way.to.id in keys:
        return f"- {when}{steps}hand over to {keys[way.to.id]}."
    return f"- {when}{steps}{graphs.stage_words(way.to)}" if way.to.text or way.to.tools else ""


def _handoffs(source: str, onward: list[Way], keys: dict[str, str]) -> list[Handoff]:
    return [
        Handoff(source=source, target=keys[way.to.id], condition=way.condition)
        for way in onward
        if way.to.id in keys and keys[way.to.id] != source
    ]
