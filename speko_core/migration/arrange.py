"""Which agents a document becomes: one, one with stages, or several that are linked; the loss is said (MIG-3)."""

from speko_core.migration import graphs
from speko_core.migration.build import BuildOptions
from speko_core.migration.neutral import Agent, Graph, GraphEdge, GraphNode, Handoff, VoiceAgents
from speko_core.migration.tools import tool_name

_LINKABLE = ("talk", "say", "global")
MAX_LINKED = 50


def arrange(agents: VoiceAgents, options: BuildOptions, warnings: list[str]) -> tuple[list[Agent], list[Handoff]]:
    """The agents to make, the one that answers first, and the ways between them."""
    entry = next((agent for agent in agents.agents if agent.key == agents.entry), agents.agents[0])
    others = [agent for agent in agents.agents if agent is not entry]
    if others and options.graph == "staged":
        warnings.append(graphs.LOSS)
        return [_one_of(entry, [entry, *others], agents.handoffs)], []
    if others:
        warnings.append(graphs.LINKED_LOSS)
        return [entry, *others], agents.handoffs
    if entry.graph is not None and options.graph == "linked":
        warnings.append(graphs.LINKED_LOSS)
        return _linked(entry, entry.graph)
    return [entry], []


def _one_of(entry: Agent, members: list[Agent], handoffs: list[Handoff]) -> Agent:
    graph = Graph(
        nodes=[_stage_of(agent, entry) for agent in members],
        edges=[GraphEdge(source=way.source, target=way.target, condition=way.condition) for way in handoffs],
    )
    graph.nodes[0].is_start = True
    merged = entry.model_copy(deep=True, update={"graph": graph, "prompt": ""})
    for member in members[1:]:
        merged.tools += [tool for tool in member.tools if tool.name not in {known.name for known in merged.tools}]
        for name in ("transfers", "variables", "extraction", "knowledge", "webhooks"):
            mine = getattr(merged, name)
            mine.extend(item for item in getattr(member, name) if item not in mine)
    return merged


def _stage_of(agent: Agent, entry: Agent) -> GraphNode:
    """What a member does in its stage; its opening is said there, but for the first, which opens the call."""
    opening, text = agent.first_message, agent.prompt
    if agent is not entry and opening.text and opening.mode in (None, "say"):
        text = f"{text}\nBegin this stage by saying: {opening.text}".strip()
    return GraphNode(id=agent.key, name=agent.name or agent.key, text=text)


def _linked(entry: Agent, graph: Graph) -> tuple[list[Agent], list[Handoff]]:
    stages = [node for node in graphs.ordered(graph) if node.kind in _LINKABLE][:MAX_LINKED]
    keys = {node.id: tool_name(node.name or node.id, "stage") + f"_{at}" for at, node in enumerate(stages, 1)}
    made: list[Agent] = []
    for at, node in enumerate(stages):
        tools = [tool for tool in entry.tools if not node.tools or tool.name in node.tools or tool.kind == "builtin"]
        prompt = "\n\n".join(text for text in (entry.prompt, node.text) if text)
        update = {"key": keys[node.id], "name": f"{entry.name or 'Agent'}: {node.name or node.id}", "prompt": prompt}
        agent = entry.model_copy(deep=True, update={**update, "graph": None, "tools": tools})
        made.append(agent if at == 0 else agent.model_copy(update={"first_message": type(agent.first_message)()}))
    ways = [
        Handoff(source=keys[edge.source], target=keys[edge.target], condition=edge.condition)
        for edge in graph.edges
        if edge.source in keys and edge.target in keys
    ]
    return (made or [entry], ways)
