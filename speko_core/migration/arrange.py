"""Which agents a document becomes: one, one with stages, or several that are linked; the loss is said (MIG-3)."""

from speko_core.migration import graphs
from speko_core.migration.build import BuildOptions
from speko_core.migration.links import linked
from speko_core.migration.neutral import Agent, Graph, GraphEdge, GraphNode, Handoff, VoiceAgents


def arrange(agents: VoiceAgents, options: BuildOptions, warnings: list[str]) -> tuple[list[Agent], list[Handoff]]:
    """The agents to make, the one that answers first, and the ways between them."""
    entry = next((agent for agent in agents.agents if agent.key == agents.entry), agents.agents[0])
    others = [agent for agent in agents.agents if agent is not entry]
    if others and options.graph == "staged":
        warnings.append(graphs.LOSS)
        return [_one_of(entry, [entry, *others], agents.handoffs)], []
    if others:
        warnings.append(graphs.SQUAD_LOSS)
        reached = {way.target for way in agents.handoffs}
        return [_opened(one, entry) if one.key in reached else one for one in (entry, *others)], agents.handoffs
    if entry.graph is not None and options.graph == "linked":
        warnings.append(graphs.LINKED_LOSS)
        warnings += entry.graph.problems
        return linked(entry, entry.graph, warnings)
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


def _opened(agent: Agent, entry: Agent) -> Agent:
    """A member that is handed a conversation says there what it opened one with."""
    opening = agent.first_message
    if agent is entry or not opening.text or opening.mode not in (None, "say"):
        return agent
    told = f"When a conversation is handed to you, begin by saying: {opening.text}"
    return agent.model_copy(update={"prompt": f"{agent.prompt}\n\n# When you take over\n{told}".strip()})
