"""Vapi squads: several assistants that hand over to each other."""

from collections.abc import Callable, Mapping

from speko_core.migration.neutral import Agent, FirstMessage, Handoff, VoiceAgents
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
            if any(known.key == agents[-1].key for known in agents[:-1]):
                agents[-1].key = f"{agents[-1].key}_{at + 1}"
    by_id = {member["assistantId"].text or "": agent.key for member, agent in zip(members, agents, strict=True)}
    for member, agent in zip(members, agents, strict=True):
        handoffs.extend(_destinations(member, agent.key, by_id))
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
    _merge(agent, _given(fresh, overrides, read_assistant))


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
        shared = _given(Agent(), node, read_assistant)
        for agent in agents:
            _merge(agent, shared)


def _given(fresh: Agent, overrides: Node, read_assistant: Callable[[Agent, Node], None]) -> Agent:
    """What overrides say, and nothing of how an assistant without a first message opens."""
    read_assistant(fresh, overrides)
    if not overrides["firstMessage"] and not overrides["firstMessageMode"]:
        fresh.first_message = FirstMessage()
    return fresh


def _destinations(member: Node, source: str, by_id: Mapping[str, str]) -> list[Handoff]:
    """Where a member hands over to: its destinations, and those of its handoff tools, by name or by id."""
    listed = [*member["assistantDestinations"].items()]
    for place in (member.at("assistant", "model"), member.at("assistantOverrides", "model")):
        listed += [one for tool in place["tools"].items() for one in tool["destinations"].items()]
    appended = member["assistantOverrides"][_APPEND].items()
    listed += [one for tool in appended for one in tool["destinations"].items()]
    found = []
    for item in listed:
        name, reference = item["assistantName"].text, item["assistantId"].text or ""
        target = tool_name(name) if name else by_id.get(reference)
        if target:
            item.mark("approximated", "", "handoffs")
            condition, message = item["description"].text or "", item["message"].text
            found.append(Handoff(source=source, target=target, condition=condition, message=message))
    return found
