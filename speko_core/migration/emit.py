"""`build_session_config`: the neutral model as requests this product accepts as they stand (MIG-3)."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from speko_core.agents.config import VARIABLE_NAME
from speko_core.late import LateModule
from speko_core.migration import graphs, tools
from speko_core.migration.build import AgentBuild, Build, BuildOptions, Key
from speko_core.migration.emit_agent import agent_payload, entry_served
from speko_core.migration.emit_tools import ToolWriter
from speko_core.migration.neutral import Agent, Graph, GraphEdge, GraphNode, Handoff, Transfer, Variable, VoiceAgents
from speko_core.migration.report import Report
from speko_core.migration.secrets import KeyToSet
from speko_core.migration.tools import tool_name
from speko_core.types import JsonObject

if TYPE_CHECKING:
    from speko_core.agents import templates
else:
    templates = LateModule("speko_core.agents.templates")

_MAX_METADATA_TEXT = 2_000
_LINKABLE = ("talk", "say", "global")


def build_session_config(
    agents: VoiceAgents, options: BuildOptions, report: Report | None = None, keys: Sequence[KeyToSet] = ()
) -> Build:
    """Write the requests. Nothing is sent; equal sources give equal requests, so a second import updates the first."""
    warnings = list(agents.warnings)
    wanted, handoffs = _arrange(agents, options, warnings)
    to_set = [Key(name=key.name, kind=key.kind, pointer=key.pointer, reason=key.reason) for key in keys]
    builds = [_agent(agent, agents, options, len(wanted) > 1, warnings, to_set) for agent in wanted]
    entry = builds[0]
    return Build(
        platform=agents.platform,
        source_digest=agents.digest,
        linked_agents=builds[1:],
        handoffs=handoffs,
        warnings=list(dict.fromkeys(warnings)),
        keys_to_set=_unique([*to_set, *_vendor_keys(wanted, options)]),
        report=report,
        **entry.model_dump(exclude={"key"}),
    )


def _arrange(agents: VoiceAgents, options: BuildOptions, warnings: list[str]) -> tuple[list[Agent], list[Handoff]]:
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
        nodes=[GraphNode(id=agent.key, name=agent.name or agent.key, text=agent.prompt) for agent in members],
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


def _linked(entry: Agent, graph: Graph) -> tuple[list[Agent], list[Handoff]]:
    stages = [node for node in graphs.ordered(graph) if node.kind in _LINKABLE][:50]
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


def _agent(
    agent: Agent, agents: VoiceAgents, options: BuildOptions, several: bool, warnings: list[str], keys: list[Key]
) -> AgentBuild:
    writer = ToolWriter()
    ends = any(node.kind == "end" for node in agent.graph.nodes) if agent.graph else False
    prepared = _with_graph_needs(agent, ends or bool(agent.end_call.message or agent.end_call.phrases))
    writer.write(prepared)
    own = options.model_copy(update={"name": None}) if several and options.name else options
    prompt = _prompt(prepared, warnings)
    _declare_variables(prepared, prompt, warnings)
    payload = agent_payload(prepared, prompt, own, warnings)
    if several and options.name:
        payload["name"] = f"{options.name}: {payload['name']}"[:200]
    warnings += writer.warnings
    keys += writer.keys
    _say_what_calls_need(prepared, warnings)
    return AgentBuild(
        key=agent.key,
        agent_create_payload=payload,
        tools=writer.tools,
        session_config=_session(prepared, agents, payload),
        phone_config=_phone(prepared),
        webhooks=[hook.model_dump(mode="json", by_alias=True) for hook in agent.webhooks],
        evals=[item.model_dump(mode="json", by_alias=True) for item in agent.evals],
        tool_adapters=writer.adapters,
        unmappable_tools=writer.unmappable,
    )


def _with_graph_needs(agent: Agent, ends: bool) -> Agent:
    prepared = agent.model_copy(deep=True)
    if ends and not any(tool.builtin == "end_call" for tool in prepared.tools):
        tools.end_call(prepared)
    known = {transfer.to for transfer in prepared.transfers}
    for node in prepared.graph.nodes if prepared.graph else []:
        if node.transfer_to and node.transfer_to not in known:
            prepared.transfers.append(Transfer(to=node.transfer_to, description=node.name))
            known.add(node.transfer_to)
    return prepared


def _declare_variables(agent: Agent, prompt: str, warnings: list[str]) -> None:
    """Declare what the texts use and the source left to its platform: calls are refused for want of a value."""
    known = {variable.name for variable in agent.variables}
    for text in (prompt, agent.first_message.text or ""):
        try:
            used = templates.names(text)
        except templates.TemplateProblem as problem:
            warnings.append(f"Calls with variables need a text that is mended by hand; it {problem}.")
            continue
        agent.variables += [Variable(name=name) for name in used if name not in known and _may_be_declared(name)]
        known.update(used)


def _may_be_declared(name: str) -> bool:
    return not name.startswith("system.") and re.fullmatch(VARIABLE_NAME, name) is not None


def _prompt(agent: Agent, warnings: list[str]) -> str:
    parts = [agent.prompt]
    if agent.graph is not None:
        warnings.append(graphs.LOSS)
        warnings += agent.graph.problems
        parts.append(graphs.staged_prompt(agent.graph))
    if agent.voicemail.message:
        parts.append(f"# Voicemail\nWhen a machine answers, say only this and end the call: {agent.voicemail.message}")
    return "\n\n".join(part for part in parts if part.strip())


def _say_what_calls_need(agent: Agent, warnings: list[str]) -> None:
    missing = [variable.name for variable in agent.variables if variable.default is None]
    if missing:
        named = ", ".join(missing[:12])
        warnings.append(f"Give every call values for these variables, or defaults to the agent: {named}.")
    if agent.s2s is not None:
        warnings.append(
            f"The source used the speech-to-speech model {agent.s2s.model}; ordinary sessions use three layers."
        )


def _session(agent: Agent, agents: VoiceAgents, payload: JsonObject) -> JsonObject:
    intent = payload["intent"]
    language = intent["language"] if isinstance(intent, dict) else "en-US"
    origin: JsonObject = {"platform": agents.platform, "sourceDigest": agents.digest, "agent": agent.key}
    metadata: JsonObject = {"migration": origin}
    if agent.metadata and len(str(agent.metadata)) <= _MAX_METADATA_TEXT:
        metadata["source"] = agent.metadata
    session: JsonObject = {"intent": {"language": language}, "metadata": metadata}
    if agent.limits.max_duration_s:
        session["ttlSeconds"] = int(min(max(agent.limits.max_duration_s, 1), 86_400))
    turn = _turn_handling(agent)
    if turn:
        session["turnHandling"] = turn
    variables: JsonObject = {
        item.name: "" for item in agent.variables if item.default is None and _may_be_declared(item.name)
    }
    if variables:
        session["variables"] = variables
    return session


def _turn_handling(agent: Agent) -> JsonObject:
    turn = agent.turn
    endpointing = {"minDelay": turn.min_endpointing_s, "maxDelay": turn.max_endpointing_s}
    interruption = {"minDuration": turn.interruption_min_s, "minWords": turn.interruption_min_words}
    handling: JsonObject = {}
    for name, values in (("endpointing", endpointing), ("interruption", interruption)):
        given: JsonObject = {key: value for key, value in values.items() if value is not None}
        if given:
            handling[name] = given
    return handling


def _phone(agent: Agent) -> JsonObject:
    if agent.voicemail.mode is None:
        return {}
    amd: JsonObject = {"mode": agent.voicemail.mode}
    if agent.voicemail.timeout_s:
        amd["timeoutSeconds"] = int(min(max(agent.voicemail.timeout_s, 1), 60))
    return {"telephony": {"amd": amd}}


def _vendor_keys(agents: list[Agent], options: BuildOptions) -> list[Key]:
    if options.providers == "any":
        return []
    named = {
        model.provider
        for agent in agents
        for layer, model in (("llm", agent.llm), ("tts", agent.voice), ("stt", agent.stt), ("s2s", agent.s2s))
        if model is not None and entry_served(layer, model, options) is not None
    }
    return [
        Key(name=f"{name.upper().replace('-', '_')}_API_KEY", kind="provider_key", pointer=None,
            reason=f"The agent asks for {name}; add its key, or build with providers `any`.")
        for name in sorted(name for name in named if name)
    ]  # fmt: skip


def _unique(keys: list[Key]) -> list[Key]:
    return list({(key.name, key.pointer): key for key in keys}.values())
