"""LiveKit Agents in Python: sessions, agents as classes, tools as decorated functions; 0.x assistants too."""

import re

from speko_core.migration.neutral import Agent, Handoff, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, part
from speko_core.migration.readers.code import (
    CODE_RULES,
    first_argument,
    is_python,
    keyword,
    named,
    take_prompt,
    take_service,
    take_string_service,
    take_tool,
)
from speko_core.migration.rules import RuleTree
from speko_core.migration.source import Node, Source
from speko_core.migration.tools import end_call, tool_name
from speko_core.types import JsonValue

_RULES = RuleTree(CODE_RULES)
_SESSIONS = ("AgentSession", "VoicePipelineAgent", "VoiceAssistant", "MultimodalAgent")
_LAYERS = ("stt", "tts", "llm")


def detect(document: JsonValue) -> Detection | None:
    """By the import, and something of an agent in the file."""
    if not is_python(document, "livekit.agents", "livekit.plugins"):
        return None
    classes, calls = part(document, "classes"), part(document, "calls")
    if any("Agent" in str(part(item, "bases")) for item in (classes if isinstance(classes, list) else [])):
        return Detection("livekit", "python")
    if any(str(part(call, "call")).endswith(_SESSIONS) for call in (calls if isinstance(calls, list) else [])):
        return Detection("livekit", "python")
    return Detection("livekit", "near_miss", "Imports LiveKit Agents and defines neither an agent nor a session.")


def read(source: Source, detection: Detection) -> VoiceAgents:
    """One agent per class; the session's services hold for all of them."""
    root = source.root
    shared = Agent()
    every = [*root["calls"].items(), *(call for item in root["classes"].items() for call in item["calls"].items())]
    for call in every:
        _call(shared, call)
    for tool in root["tools"].items():
        take_tool(shared, tool)
    classes = [item for item in root["classes"].items() if _is_agent(item)]
    keys = {tool_name(item["name"].text) for item in classes}
    handoffs = [way for item in classes for way in _handoffs(item, keys)]
    agents = [_agent(shared, item) for item in classes] or [shared]
    root.apply(_RULES)
    return VoiceAgents(
        platform="livekit", kind="python", agents=agents, entry=_entry(root, agents, handoffs), handoffs=handoffs
    )


def _is_agent(item: Node) -> bool:
    return any((base.text or "").rpartition(".")[2].endswith(("Agent", "Assistant")) for base in item["bases"].items())


def _entry(root: Node, agents: list[Agent], handoffs: list[Handoff]) -> str:
    reached = {way.target for way in handoffs}
    free = [agent.key for agent in agents if agent.key not in reached]
    return free[0] if free else agents[0].key


def _agent(shared: Agent, item: Node) -> Agent:
    agent = shared.model_copy(deep=True, update={"key": tool_name(item["name"].text), "name": item["name"].text})
    init = item["init"]
    if init["instructions"]:
        agent.prompt = take_prompt(agent, init["instructions"], "prompt")
    for layer in _LAYERS:
        _layer(agent, init[layer], layer)
    for tool in item["tools"].items():
        if not item.source.is_claimed(tool.path):
            take_tool(agent, tool)
    for call in item["calls"].items():
        _speaks(agent, call)
    return agent


def _handoffs(item: Node, keys: set[str]) -> list[Handoff]:
    """A tool that returns another agent hands over to it."""
    found = []
    source = tool_name(item["name"].text)
    for tool in item["tools"].items():
        returned = {tool_name(word) for word in re.findall(r"\w+", tool["returns"].text or "")}
        for key in sorted((keys - {source}) & returned):
            found.append(Handoff(source=source, target=key, condition=tool["description"].text or ""))
            tool.mark("approximated", "", "handoffs")
    return found


def _call(agent: Agent, call: Node) -> None:
    name = named(call).rpartition(".")[2]
    if name in _SESSIONS:
        for layer in _LAYERS:
            _layer(agent, keyword(call, layer), layer)
        _turns(agent, call["kwargs"])
        keyword(call, "tools").mark("approximated", "Tools are read where they are defined.", "tools")
        context = keyword(call, "chat_ctx")
        if context:
            text = keyword(context, "text") if keyword(context, "text") else first_argument(context)
            agent.prompt = agent.prompt or take_prompt(agent, text, "prompt")
    elif name == "RealtimeModel":
        take_service(agent, call)
    else:
        _speaks(agent, call)


def _layer(agent: Agent, node: Node, layer: str) -> None:
    if node.text:
        take_string_service(agent, node, layer)
    elif node["call"]:
        take_service(agent, node)


def _turns(agent: Agent, settings: Node) -> None:
    agent.turn.min_endpointing_s = settings["min_endpointing_delay"].take_number("turn.minEndpointingS")
    agent.turn.max_endpointing_s = settings["max_endpointing_delay"].take_number("turn.maxEndpointingS")
    agent.turn.interruption_min_s = settings["min_interruption_duration"].take_number("turn.interruptionMinS")
    words = settings["min_interruption_words"].take_number("turn.interruptionMinWords")
    handling = settings["turn_handling"]
    for place in (handling, handling["kwargs"]):
        end, stop = place["endpointing"], place["interruption"]
        agent.turn.min_endpointing_s = (
            end["min_delay"].take_number("turn.minEndpointingS") or agent.turn.min_endpointing_s
        )
        agent.turn.max_endpointing_s = (
            end["max_delay"].take_number("turn.maxEndpointingS") or agent.turn.max_endpointing_s
        )
        agent.turn.interruption_min_s = (
            stop["min_duration"].take_number("turn.interruptionMinS") or agent.turn.interruption_min_s
        )
        words = stop["min_words"].take_number("turn.interruptionMinWords") or words
    agent.turn.interruption_min_words = int(words) if words is not None else None
    agent.idle.after_seconds = settings["user_away_timeout"].take_number("idle.afterSeconds")
    settings["allow_interruptions"].mark("approximated", "", "turn.interruptible")


def _speaks(agent: Agent, call: Node) -> None:
    name = named(call).rpartition(".")[2]
    if name == "say" and agent.first_message.mode is None:
        agent.first_message.text = take_prompt(agent, first_argument(call), "firstMessage.text") or None
        agent.first_message.mode = "say" if agent.first_message.text else "generate"
        call["call"].mark("mapped", target="firstMessage.mode")
    elif name == "generate_reply" and agent.first_message.mode is None:
        agent.first_message.mode = "generate"
        words = keyword(call, "instructions")
        agent.first_message.text = take_prompt(agent, words, "firstMessage.text") if words else None
        call["call"].mark("mapped", target="firstMessage.mode")
    elif name == "EndCallTool":
        end_call(agent)


READER = Reader("livekit", "LiveKit Agents", detect, read)
