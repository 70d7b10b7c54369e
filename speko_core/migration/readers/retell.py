"""Retell: agent, LLM and conversation flow, alone, joined in one file, exported from the dashboard, or across files."""

from speko_core.migration import tools, vendors
from speko_core.migration.neutral import Agent, Llm, Model, Tool, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part, rows
from speko_core.migration.readers.retell_agent import VOICE_HEADS, read_agent
from speko_core.migration.readers.retell_flow import read_flow, read_states
from speko_core.migration.readers.retell_rules import LLM_RULES, near_miss
from speko_core.migration.readers.retell_tools import read_tools
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_defaults, take_template
from speko_core.types import JsonValue

_AGENT_KEYS = ("agent", "retell_agent")
_LLM_KEYS = ("llm", "retellLlmData", "retell_llm", "retellLlm", "retell_llm_data", "response_engine_config")
_FLOW_KEYS = ("conversationFlow", "conversation_flow")
_SKETCH = "Not a field of Retell's schema; read as meant."


def detect(document: JsonValue) -> Detection | None:
    """By the engine of an agent, the prompt of an LLM, or the nodes of a flow."""
    nested = [part(document, key) for key in (*_LLM_KEYS, *_FLOW_KEYS, *_AGENT_KEYS)]
    if any(_is_llm(item) or _is_flow(item) or _is_agent(item) for item in nested):
        return Detection("retell", "bundle")
    if _is_agent(document):
        return Detection("retell", "agent")
    if _is_llm(document):
        return Detection("retell", "llm")
    if _is_flow(document):
        return Detection("retell", "conversation_flow")
    if has(document, "agent_name", "voice_id"):
        named = str(part(document, "voice_id")).partition("-")[0] in VOICE_HEADS
        if named and any_of(document, "system_prompt", "prompt", "general_prompt"):
            return Detection("retell", "sketch")
        return near_miss("Has a name and a voice as Retell agents do, and no `response_engine` and no prompt.")
    return None


def _is_agent(document: JsonValue) -> bool:
    engine = part(document, "response_engine")
    return isinstance(engine, dict) and any_of(engine, "type", "llm_id", "conversation_flow_id", "llm_websocket_url")


def _is_llm(document: JsonValue) -> bool:
    if any_of(document, "general_prompt", "general_tools") and not has(document, "nodes"):
        return True
    return has(document, "states", "starting_state") and not has(document, "nodes")


def _is_flow(document: JsonValue) -> bool:
    nodes = rows(part(document, "nodes"))
    if not nodes or not all(has(node, "id", "type") for node in nodes):
        return False
    named = any_of(document, "start_node_id", "conversation_flow_id", "global_prompt", "start_speaker", "model_choice")
    return named and any(any_of(node, "instruction", "edges", "else_edge", "edge") for node in nodes)


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the parts that are there into one agent."""
    agent = Agent()
    root = source.root
    if detection.kind == "bundle":
        _bundle(agent, root)
    elif detection.kind == "sketch":
        _sketch(agent, root)
    else:
        {"agent": read_agent, "llm": _llm, "conversation_flow": read_flow}[detection.kind](agent, root)
    warnings = [] if agent.prompt or agent.graph else ["The prompt is in the engine's own file; export that file too."]
    return VoiceAgents(platform="retell", kind=detection.kind, agents=[agent], warnings=warnings)


def _bundle(agent: Agent, root: Node) -> None:
    if any(root[key].is_object for key in (*_LLM_KEYS, *_FLOW_KEYS)):
        for place in (root, *(root[key] for key in _AGENT_KEYS)):
            place["response_engine"].mark("ignored", "Names the engine that is read beside it.")
    for key in _AGENT_KEYS:
        if root[key].is_object:
            read_agent(agent, root[key])
    for key in _LLM_KEYS:
        if root[key].is_object:
            _llm(agent, root[key])
    for key in _FLOW_KEYS:
        if root[key].is_object:
            read_flow(agent, root[key])
    if _is_agent(root.json) or root["agent_name"] or root["voice_id"]:
        read_agent(agent, root)


def _sketch(agent: Agent, root: Node) -> None:
    """A file somebody wrote by hand after Retell's words; Retell itself would not take it."""
    for key in ("system_prompt", "prompt", "general_prompt"):
        agent.prompt = agent.prompt or take_template(agent, root[key], "prompt") or ""
        root[key].revise(_SKETCH)
    for key in ("llm_model", "model"):
        vendors.take_llm(agent, root["llm_provider"], root[key])
        root[key].revise(_SKETCH)
    for item in [*root["functions"].items(), *root["tools"].items()]:
        tool = Tool(
            name=tools.take_name(item["name"], "function"),
            description=item["description"].take_text("tools.description") or "",
            parameters=tools.take_schema(item["parameters"]),
        )
        tools.add_tool(agent, tool)
        item.revise(_SKETCH)
    read_agent(agent, root)


def _llm(agent: Agent, node: Node) -> None:
    agent.prompt = take_template(agent, node["general_prompt"], "prompt") or ""
    config = node["model_config"]
    model = node["s2s_model"] if node["s2s_model"].text else node["model"]
    if config.at("primary", "model").text:
        vendors.take_llm(agent, config["provider"], config.at("primary", "model"))
        model.mark("ignored", "Superseded by model_config.")
    else:
        vendors.take_llm(agent, node["model_provider"], model)
    _options(agent.llm, node)
    backup = config.at("backup", "model").take_text("llm.fallbacks")
    if backup:
        agent.llm.fallbacks.append(Model(provider=vendors.vendor_of_model(backup), model=backup))
    begin = node["begin_message"]
    speaker = node["start_speaker"].take_text("firstMessage.mode")
    agent.first_message.text = take_template(agent, begin, "firstMessage.text")
    waits = speaker == "user" or (begin.json == "" and speaker is None)
    if begin.json == "":
        begin.mark("mapped", "Empty: the caller speaks first.", "firstMessage.mode")
    agent.first_message.mode = "wait" if waits else ("say" if agent.first_message.text else "generate")
    take_defaults(agent, node["default_dynamic_variables"])
    read_tools(agent, node["general_tools"].items())
    read_states(agent, node)
    node["knowledge_base_ids"].mark("needs_input", "", "knowledge")
    node["mcps"].mark("needs_input", "", "mcpServers")
    node.apply(LLM_RULES)


def _options(llm: Llm, node: Node) -> None:
    temperature = node["model_temperature"].take_number("llm.temperature")
    # Retell's documented default; an export may leave it out.
    llm.temperature = 0.0 if temperature is None else temperature


READER = Reader("retell", "Retell", detect, read)
