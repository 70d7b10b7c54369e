"""Vocode in Python: agent, synthesizer and transcriber configurations."""

from speko_core.migration import tools
from speko_core.migration.neutral import Agent, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, part, rows
from speko_core.migration.readers.code import (
    CODE_RULES,
    first_argument,
    is_python,
    keyword,
    named,
    take_prompt,
    take_service,
)
from speko_core.migration.rules import RuleTree
from speko_core.migration.source import Node, Source
from speko_core.types import JsonValue

_RULES = RuleTree(CODE_RULES)


def detect(document: JsonValue) -> Detection | None:
    """By the import and an agent's configuration."""
    if not is_python(document, "vocode"):
        return None
    if any("AgentConfig" in str(part(call, "call")) or part(call, "args") or part(call, "kwargs")
           for call in rows(part(document, "calls"))):  # fmt: skip
        return Detection("vocode", "python")
    return Detection("vocode", "near_miss", "Imports Vocode and configures no agent.")


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Every configuration in the file, wherever it is nested."""
    agent = Agent()
    root = source.root
    for call in [*root["calls"].items(), *(call for item in root["classes"].items() for call in item["calls"].items())]:
        _call(agent, call, 0)
    agent.first_message.mode = "say" if agent.first_message.text else "wait"
    root.apply(_RULES)
    return VoiceAgents(platform="vocode", kind="python", agents=[agent])


def _call(agent: Agent, call: Node, depth: int) -> None:
    name = named(call).rpartition(".")[2]
    if name.endswith("AgentConfig"):
        _agent(agent, call)
    elif name.endswith(("SynthesizerConfig", "TranscriberConfig")) or "Config.from_" in named(call):
        take_service(agent, call)
    for item in [*call["args"].items(), *(value for _, value in call["kwargs"].fields())]:
        if item["call"] and depth < 6:
            _call(agent, item, depth + 1)


def _agent(agent: Agent, call: Node) -> None:
    settings = call["kwargs"]
    agent.prompt = (
        take_prompt(agent, settings["prompt_preamble"], "prompt") if settings["prompt_preamble"] else agent.prompt
    )
    opening = settings["initial_message"]
    if opening:
        text = keyword(opening, "text") if keyword(opening, "text") else first_argument(opening)
        agent.first_message.text = take_prompt(agent, text if text else opening, "firstMessage.text") or None
        opening["call"].mark("mapped", target="firstMessage.text")
    agent.limits.silence_end_s = settings["allowed_idle_time_seconds"].take_number("limits.silenceEndS")
    settings["num_check_human_present_times"].mark("approximated", "", "idle.maxCount")
    settings["interrupt_sensitivity"].mark("approximated", "", "turn.sensitivity")
    if settings["end_conversation_on_goodbye"].take_flag("endCall.enabled"):
        tools.end_call(agent)
    settings["actions"].mark("needs_input", "Actions run in your own code; add them as tools.", "tools.source")
    take_service(agent, call)


READER = Reader("vocode", "Vocode", detect, read)
