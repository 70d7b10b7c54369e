"""OpenAI Realtime sessions: the current shape with `audio`, and the flat one of the beta."""

from speko_core.migration import languages, tools
from speko_core.migration.neutral import Agent, Speech2Speech, Tool, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part
from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_defaults, take_template
from speko_core.types import JsonValue

_BETA = ("modalities", "input_audio_format", "output_audio_format", "input_audio_transcription", "turn_detection")
_OWN_EARS = "Transcripts come from the session's own recognizer."
_FIELDS = (
    *ignored(
        "Made by the server for one session.", "id", "object", "expires_at", "client_secret", "include", "tracing"
    ),
    *ignored(
        "The transport decides the encoding.",
        "audio.input.format",
        "audio.output.format",
        "input_audio_format",
        "output_audio_format",
        "output_modalities",
        "modalities",
    ),
    *needs_input("Refers to a prompt stored at OpenAI; copy its text.", "prompt"),
    *unsupported("The model decides when to call tools.", "tool_choice", "parallel_tool_calls"),
    Rule("truncation", "unsupported", "Context is kept in full here."),
    Rule("reasoning", "unsupported", "Reasoning effort is set per completion here."),
    Rule("type", "mapped", "", "s2s.provider"),
    Rule("audio.input.turn_detection", "approximated", "", "turn.sensitivity"),
    Rule("turn_detection", "approximated", "", "turn.sensitivity"),
    Rule("audio.input.noise_reduction", "approximated", "", "turn.noiseCancellation"),
    Rule("input_audio_noise_reduction", "approximated", "", "turn.noiseCancellation"),
    Rule("audio.input.transcription", "approximated", _OWN_EARS, "stt.model"),
    Rule("input_audio_transcription", "approximated", _OWN_EARS, "stt.model"),
)
_RULES = RuleTree(
    (*_FIELDS, *(Rule(f"session.{rule.pattern}", rule.status, rule.reason, rule.target) for rule in _FIELDS))
)


def detect(document: JsonValue) -> Detection | None:
    """By `type: realtime`, or by two fields that only the beta session had; also inside `session`."""
    inner = part(document, "session") if isinstance(part(document, "session"), dict) else document
    if part(inner, "type") == "realtime" and any_of(inner, "model", "instructions", "audio", "tools"):
        return Detection("openai_realtime", "session")
    beta = sum(has(inner, key) for key in _BETA)
    if beta >= 2 and any_of(inner, "instructions", "voice", "tools", "model"):
        return Detection("openai_realtime", "beta_session")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the session."""
    agent = Agent()
    root = source.root
    node = root["session"] if root["session"].is_object else root
    agent.prompt = take_template(agent, node["instructions"], "prompt") or ""
    voice = node.at("audio", "output", "voice") if node["audio"] else node["voice"]
    agent.s2s = Speech2Speech(
        provider="openai",
        model=node["model"].take_text("s2s.model"),
        voice=(voice["id"] if voice.is_object else voice).take_text("s2s.voice"),
        temperature=node["temperature"].take_number("s2s.temperature"),
    )
    agent.voice.speed = node.at("audio", "output", "speed").take_number("voice.speed")
    if agent.voice.speed is None:
        agent.voice.speed = node["speed"].take_number("voice.speed")
    for key in ("max_output_tokens", "max_response_output_tokens"):
        _tokens(agent, node[key])
    for place in (node.at("audio", "input", "transcription"), node["input_audio_transcription"]):
        languages.take_language(agent, place["language"])
        agent.stt.prompt = agent.stt.prompt or place["prompt"].take_text("stt.prompt")
    _turns(agent, node)
    take_defaults(agent, node.at("prompt", "variables"))
    for item in node["tools"].items():
        _tool(agent, item)
    agent.first_message.mode = "wait"
    root.apply(_RULES)
    return VoiceAgents(platform="openai_realtime", kind=detection.kind, agents=[agent])


def _tokens(agent: Agent, node: Node) -> None:
    if node.json == "inf":
        node.mark("mapped", "No limit.", "llm.maxTokens")
        return
    number = node.take_number("llm.maxTokens")
    agent.llm.max_tokens = int(number) if number and number >= 1 else agent.llm.max_tokens


def _turns(agent: Agent, node: Node) -> None:
    detection = node.at("audio", "input", "turn_detection") if node["audio"] else node["turn_detection"]
    silence = detection["silence_duration_ms"].take_number("turn.minEndpointingS", factor=0.001)
    agent.turn.min_endpointing_s = silence
    agent.idle.after_seconds = detection["idle_timeout_ms"].take_number("idle.afterSeconds", factor=0.001)


def _tool(agent: Agent, item: Node) -> None:
    if item["type"].text == "mcp":
        item.mark("needs_input", "", "mcpServers")
        return
    item["type"].mark("mapped", target="tools.kind")
    function = item["function"] if item["function"].is_object else item
    tool = Tool(
        name=tools.take_name(function["name"], "function"),
        description=function["description"].take_text("tools.description") or "",
        parameters=tools.take_schema(function["parameters"]),
    )
    function["strict"].mark("ignored", "Arguments are always checked against the schema here.")
    tools.add_tool(agent, tool)


READER = Reader("openai_realtime", "OpenAI Realtime", detect, read)
