"""Hume's Empathic Voice Interface."""

from speko_core.migration import languages, tools, vendors
from speko_core.migration.neutral import Agent, Tool, VoiceAgents, Webhook
from speko_core.migration.readers.base import Detection, Reader, any_of, has
from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_template
from speko_core.types import JsonValue

_RULES = RuleTree(
    (
        *ignored(
            "Metadata of Hume's database.",
            "id",
            "version",
            "version_description",
            "created_on",
            "modified_on",
            "evi_version",
            "version_type",
            "prompt.version",
            "prompt.created_on",
            "prompt.modified_on",
            "prompt.name",
        ),
        *needs_input("Refers to something stored at Hume; export it too.", "prompt.id", "tools", "voice.id"),
        *unsupported("Emotion of the caller is not read.", "ellm_model"),
        Rule("turn_detection", "approximated", "", "turn.sensitivity"),
        Rule("nudges", "approximated", "", "idle.maxCount"),
        Rule("event_messages.on_max_duration_timeout", "unsupported", "A call over its time ends without a sentence."),
        Rule("webhooks", "approximated", "", "webhooks"),
        Rule("timeouts", "approximated", "", "limits.maxDurationS"),
    )
)


def detect(document: JsonValue) -> Detection | None:
    """By `evi_version`, or by event messages beside a language model."""
    if has(document, "evi_version") or (
        has(document, "event_messages") and any_of(document, "language_model", "ellm_model")
    ):
        return Detection("hume", "config")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the configuration."""
    agent = Agent()
    node = source.root
    agent.name = node["name"].take_text("name")
    agent.prompt = take_template(agent, node.at("prompt", "text"), "prompt") or ""
    warnings = [] if agent.prompt else ["The prompt is stored at Hume by id; copy its text."]
    model = node["language_model"]
    vendors.take_llm(agent, model["model_provider"], model["model_resource"])
    agent.llm.temperature = model["temperature"].take_number("llm.temperature")
    voice = node["voice"]
    agent.voice.name = voice["name"].text
    voice.mark("approximated", vendors.HOUSE_VOICE, "voice.name")
    languages.take_language(agent, node["language"])
    _messages(agent, node)
    for item in node["builtin_tools"].items():
        _builtin(agent, item)
    for item in node["webhooks"].items():
        url = item["url"].take_text("webhooks.url")
        if url:
            agent.webhooks.append(
                Webhook(event="status", url=url, events=[event.text or "" for event in item["events"].items()])
            )
    silence = node.at("turn_detection", "end_of_turn_silence_ms").take_number("turn.minEndpointingS", factor=0.001)
    agent.turn.min_endpointing_s = silence
    agent.turn.interruption_min_s = node.at("interruption", "min_interruption_ms").take_number(
        "turn.interruptionMinS", factor=0.001
    )
    node.apply(_RULES)
    return VoiceAgents(platform="hume", kind=detection.kind, agents=[agent], warnings=warnings)


def _messages(agent: Agent, node: Node) -> None:
    opening = node.at("event_messages", "on_new_chat")
    enabled = opening["enabled"].take_flag("firstMessage.mode")
    agent.first_message.text = take_template(agent, opening["text"], "firstMessage.text")
    if enabled:
        agent.first_message.mode = "say" if agent.first_message.text else "generate"
    else:
        agent.first_message.mode = "wait"
    silent = node.at("event_messages", "on_inactivity_timeout")
    if silent["enabled"].take_flag("idle.prompts"):
        text = take_template(agent, silent["text"], "idle.prompts")
        agent.idle.prompts.extend([text] if text else [])
    timeouts = node["timeouts"]
    if timeouts.at("inactivity", "enabled").json is not False:
        agent.limits.silence_end_s = timeouts.at("inactivity", "duration_secs").take_number("limits.silenceEndS")
    agent.limits.max_duration_s = timeouts.at("max_duration", "duration_secs").take_number("limits.maxDurationS")
    agent.idle.after_seconds = node.at("nudges", "interval_secs").take_number("idle.afterSeconds")


def _builtin(agent: Agent, item: Node) -> None:
    name = item["name"].text or ""
    if name == "hang_up":
        item["name"].take_text("endCall.enabled")
        tools.end_call(agent)
        item.mark("approximated", "What it says on failure is not kept.", "endCall.enabled")
        return
    reason = "A built-in tool without a counterpart; add a webhook tool."
    tools.add_tool(agent, Tool(name=tools.tool_name(name), unmappable=reason))
    item.mark("unsupported", reason)


READER = Reader("hume", "Hume EVI", detect, read)
