"""`build_session_config`: the neutral model as requests this product accepts as they stand (MIG-3)."""

from collections.abc import Sequence

from speko_core.migration import graphs, tools
from speko_core.migration.arrange import arrange
from speko_core.migration.build import AgentBuild, Build, BuildOptions, Key
from speko_core.migration.emit_agent import agent_payload
from speko_core.migration.emit_session import declare_variables, phone_config, session_config
from speko_core.migration.emit_stack import entry_served
from speko_core.migration.emit_tools import ToolWriter
from speko_core.migration.handoff_tools import handoff_tool
from speko_core.migration.neutral import Agent, Transfer, VoiceAgents
from speko_core.migration.report import Report
from speko_core.migration.secrets import KeyToSet


def build_session_config(
    agents: VoiceAgents, options: BuildOptions, report: Report | None = None, keys: Sequence[KeyToSet] = ()
) -> Build:
    """Write the requests. Nothing is sent; equal sources give equal requests, so a second import updates the first."""
    warnings = list(agents.warnings)
    wanted, handoffs = arrange(agents, options, warnings)
    to_set = [Key(name=key.name, kind=key.kind, pointer=key.pointer, reason=key.reason) for key in keys]
    builds = [_agent(agent, agents, options, len(wanted) > 1, warnings, to_set) for agent in wanted]
    for one in builds:
        taken = {str(tool["name"]) for tool in one.tools}
        one.handoff_tool = handoff_tool(one.key, handoffs, {build.key for build in builds}, taken, warnings)
    entry = builds[0]
    return Build(
        platform=agents.platform,
        source_digest=agents.digest,
        entry=entry.key,
        linked_agents=builds[1:],
        handoffs=handoffs,
        warnings=list(dict.fromkeys(warnings)),
        keys_to_set=_unique([*to_set, *_vendor_keys(wanted, options)]),
        report=report,
        **entry.model_dump(exclude={"key"}),
    )


def _agent(
    agent: Agent, agents: VoiceAgents, options: BuildOptions, several: bool, warnings: list[str], keys: list[Key]
) -> AgentBuild:
    writer = ToolWriter(insecure_urls=options.insecure_urls)
    ends = any(node.kind == "end" for node in agent.graph.nodes) if agent.graph else False
    prepared = _with_graph_needs(agent, ends or bool(agent.end_call.message or agent.end_call.phrases))
    writer.write(prepared)
    own = options.model_copy(update={"name": None}) if several and options.name else options
    prompt = _prompt(prepared, warnings)
    declare_variables(prepared, prompt, warnings)
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
        session_config=session_config(prepared, agents, payload, warnings),
        phone_config=phone_config(prepared),
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
