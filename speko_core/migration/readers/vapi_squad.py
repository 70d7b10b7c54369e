"""Vapi squads: several assistants that hand over to each other."""

from collections.abc import Callable

from speko_core.migration.neutral import Agent, Handoff, VoiceAgents
from speko_core.migration.rules import RuleTree, ignored
from speko_core.migration.source import Node, Source
from speko_core.migration.tools import tool_name

_RULES = RuleTree(
    ignored("Metadata of Vapi's database.", "id", "orgId", "createdAt", "updatedAt", "parentId", "assistantVersion")
)
_BY_ID = "The member is named by id only. Export that assistant too; its overrides are read."
_APPEND = "tools:append"


def read_squad(source: Source, read_assistant: Callable[[Agent, Node], None]) -> VoiceAgents:
    """Members in order; the first one answers."""
    root = source.root
    members = root["members"].items()
    agents: list[Agent] = []
    handoffs: list[Handoff] = []
    warnings: list[str] = []
    name = root["name"].take_text("name")
    for at, member in enumerate(members):
        with source.into(f"agents[{at}]"):
            agents.append(_member(member, at, read_assistant, warnings))
            handoffs.extend(_destinations(member, agents[-1].key))
    _overrides(root["membersOverrides"], agents, read_assistant)
    root.apply(_RULES)
    if name and agents:
        for agent in agents:
            agent.name = f"{name}: {agent.name or agent.key}"
    known = {agent.key for agent in agents}
    warnings += [
        f"The handoff to {handoff.target} leads to a member that is not in the file."
        for handoff in handoffs
        if handoff.target not in known
    ][:10]
    return VoiceAgents(
        platform="vapi",
        kind="squad",
        agents=agents or [Agent()],
        entry=agents[0].key if agents else "main",
        handoffs=handoffs,
        warnings=warnings,
    )


def _member(member: Node, at: int, read_assistant: Callable[[Agent, Node], None], warnings: list[str]) -> Agent:
    inline, overrides = member["assistant"], member["assistantOverrides"]
    agent = Agent(key=tool_name(inline["name"].text, f"member_{at + 1}"))
    if inline:
        read_assistant(agent, inline)
    reference = member["assistantId"]
    if reference:
        reference.mark("needs_input", _BY_ID)
        agent.key = f"member_{at + 1}"
        warnings.append(f"Member {at + 1} is an assistant by id; its prompt is not in the file.")
    if overrides:
        _override(agent, overrides, read_assistant)
    return agent


def _override(agent: Agent, overrides: Node, read_assistant: Callable[[Agent, Node], None]) -> None:
    fresh = Agent(key=agent.key)
    for item in overrides[_APPEND].items():
        item.mark("approximated", "", "handoffs" if item["type"].text == "handoff" else "tools")
    read_assistant(fresh, overrides)
    _merge(agent, fresh)


def _merge(agent: Agent, fresh: Agent) -> None:
    for name in ("prompt", "first_message", "language", "voice", "stt", "turn", "idle", "end_call", "voicemail"):
        value = getattr(fresh, name)
        if value != type(agent).model_fields[name].get_default(call_default_factory=True):
            setattr(agent, name, value)
    if fresh.llm.model:
        agent.llm = fresh.llm
    agent.s2s = fresh.s2s or agent.s2s
    for name in ("tools", "transfers", "variables", "extraction", "knowledge", "webhooks"):
        getattr(agent, name).extend(item for item in getattr(fresh, name) if item not in getattr(agent, name))


def _overrides(node: Node, agents: list[Agent], read_assistant: Callable[[Agent, Node], None]) -> None:
    if node and agents:
        shared = Agent()
        read_assistant(shared, node)
        for agent in agents:
            _merge(agent, shared)


def _destinations(member: Node, source: str) -> list[Handoff]:
    found = []
    for item in member["assistantDestinations"].items():
        target = item["assistantName"].text
        item.mark("approximated", "", "handoffs")
        if target:
            found.append(Handoff(source=source, target=tool_name(target), condition=item["description"].text or ""))
    return found
