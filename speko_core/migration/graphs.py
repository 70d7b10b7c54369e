"""Conversation graphs: what is wrong with one, in which order its stages come, and how it reads as one prompt."""

from collections import deque

from speko_core.errors import InvalidInput
from speko_core.migration import limits
from speko_core.migration.neutral import Agent, Graph, GraphEdge, GraphNode

INTRODUCTION = (
    "# Stages\nFollow these stages. Begin at stage 1, finish what a stage asks for, then go on to the stage whose "
    "condition is met. Never speak of stages to the caller."
)
LOSS = (
    "The graph became one prompt with numbered stages. The model follows it by understanding; conditions are no longer "
    "checked by a program, and settings of single stages are dropped."
)
LINKED_LOSS = (
    "Each stage that talks became an agent of its own that hands over with a tool; the whole conversation goes along. "
    "The model decides when: no program checks the conditions, and settings of single stages are dropped."
)
SQUAD_LOSS = (
    "Each agent hands over with a tool, and the whole conversation goes along; how much of it went along before is not "
    "kept. An agent that is handed the conversation is told to begin with its first message."
)


def check_size(nodes: int) -> None:
    """Refuse graphs nobody follows.

    Raises:
        InvalidInput: over 2,000 nodes.
    """
    if nodes > limits.MAX_NODES:
        raise InvalidInput(f"The graph has more than {limits.MAX_NODES:,} nodes; migrate it in parts.")


def problems_of(graph: Graph) -> list[str]:
    """What a person should know before trusting the graph."""
    check_size(len(graph.nodes))
    ids = [node.id for node in graph.nodes]
    known = set(ids)
    found = []
    starts = [node.id for node in graph.nodes if node.is_start]
    if graph.nodes and len(starts) != 1:
        found.append(
            "The graph has no start; the first stage is taken." if not starts else "The graph has several starts."
        )
    if len(known) != len(ids):
        found.append("Two stages have the same id.")
    for edge in graph.edges:
        if edge.source not in known or edge.target not in known:
            found.append(f"An edge leads from {edge.source[:40]} to {edge.target[:40]}, which is not a stage.")
    reached = {node.id for node in ordered(graph, reachable_only=True)}
    lost = [node for node in graph.nodes if node.id not in reached and node.kind != "global"]
    if lost:
        found.append(f"{len(lost)} of {len(ids)} stages cannot be reached from the start.")
    return found[:20]


def ordered(graph: Graph, *, reachable_only: bool = False) -> list[GraphNode]:
    """Stages breadth first from the start; what cannot be reached and what is global comes last."""
    by_id = {node.id: node for node in reversed(graph.nodes)}
    onward: dict[str, list[str]] = {}
    for edge in graph.edges:
        onward.setdefault(edge.source, []).append(edge.target)
    starts = [node.id for node in graph.nodes if node.is_start] or [node.id for node in graph.nodes[:1]]
    seen: dict[str, GraphNode] = {}
    queue = deque(starts[:1])
    while queue:
        current = queue.popleft()
        if current in seen or current not in by_id:
            continue
        seen[current] = by_id[current]
        queue.extend(onward.get(current, ()))
    if reachable_only:
        return list(seen.values())
    rest = [node for node in graph.nodes if node.id not in seen]
    main = [node for node in [*seen.values(), *rest] if node.kind != "global"]
    return [*main, *(node for node in [*seen.values(), *rest] if node.kind == "global")]


def staged_prompt(graph: Graph) -> str:
    """The graph as numbered stages with the ways between them."""
    stages = ordered(graph)
    numbers = {node.id: at for at, node in enumerate(stages, 1)}
    onward: dict[str, list[GraphEdge]] = {}
    for edge in graph.edges:
        onward.setdefault(edge.source, []).append(edge)
    blocks = [INTRODUCTION]
    blocks += [_stage(node, numbers, onward.get(node.id, [])) for node in stages]
    return "\n\n".join(blocks)


DO = {
    "say": "Say exactly: ",
    "end": "Close the call, then use end_call. ",
    "transfer": "Use transfer_call. ",
    "tool": "Use the tool named here. ",
    "branch": "Do not speak; choose the way on. ",
}


def _stage(node: GraphNode, numbers: dict[str, int], edges: list[GraphEdge]) -> str:
    lines = [f"## Stage {numbers[node.id]}: {node.name or node.id}"]
    if node.condition:
        lines.append(f"Come here from any stage when: {node.condition}")
    body = DO.get(node.kind, "") + node.text
    if node.transfer_to:
        body += f" Transfer to {node.transfer_to}."
    if body.strip():
        lines.append(body.strip())
    if node.tools:
        lines.append("Tools of this stage: " + ", ".join(node.tools) + ".")
    if node.extracts:
        lines.append("Find out: " + ", ".join(node.extracts) + ".")
    lines += [_way(edge, numbers) for edge in edges if edge.target in numbers]
    return "\n".join(lines)


def _way(edge: GraphEdge, numbers: dict[str, int]) -> str:
    there = f"stage {numbers[edge.target]}"
    if edge.kind == "else":
        return f"- Otherwise go to {there}."
    if edge.kind == "always" or not edge.condition:
        return f"- Then go to {there}."
    word = "IF" if edge.kind == "equation" else "When"
    return f"- {word} {edge.condition.strip().rstrip('.')}: go to {there}."


def attach(agent: Agent, graph: Graph) -> None:
    """Give the agent its graph, checked; a single stage with nothing around it is just a prompt."""
    if not graph.nodes:
        return
    graph.problems = problems_of(graph)
    agent.graph = graph
