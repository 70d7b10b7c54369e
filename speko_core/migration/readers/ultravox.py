"""Ultravox: a call or an agent with its call template."""

from speko_core.migration import languages, vendors
from speko_core.migration.neutral import Agent, Speech2Speech, VoiceAgents, Webhook
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part, rows, words
from speko_core.migration.readers.ultravox_tools import read_seconds, read_tool
from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_template
from speko_core.types import JsonValue

_MARKS = words(
    """externalVoice languageHint firstSpeaker firstSpeakerSettings inactivityMessages timeExceededMessage vadSettings
    selectedTools joinTimeout maxDuration recordingEnabled dataConnection initialOutputMedium contextSchema"""
)
_RULES = RuleTree(
    (
        *ignored(
            "Metadata of Ultravox' database.",
            "agentId",
            "callId",
            "created",
            "publishedRevisionId",
            "statistics",
            "clientVersion",
            "joinUrl",
            "ended",
            "endReason",
        ),
        *unsupported(
            "A matter of the call, not of the agent.",
            "medium",
            "joinTimeout",
            "initialMessages",
            "initialState",
            "dataConnection",
            "initialOutputMedium",
            "priorCallId",
            "experimentalSettings",
            "enableGreetingPrompt",
        ),
        *unsupported("Recording is set for the installation here.", "recordingEnabled", "transcriptOptional"),
        *unsupported("Variables are texts without a schema here.", "contextSchema"),
        *needs_input("Refers to something stored at Ultravox; export it too.", "corpusId"),
        *unsupported("A setting of that voice only.", "externalVoice", "voiceOverrides"),
        Rule("vadSettings", "approximated", "", "turn.sensitivity"),
        Rule("firstSpeakerSettings", "approximated", "A detail of who speaks first.", "firstMessage.mode"),
        Rule("timeExceededMessage", "unsupported", "A call that is over its time ends without a sentence."),
    )
)


def detect(document: JsonValue) -> Detection | None:
    """By a system prompt beside fields that only Ultravox has, or a call template."""
    template = part(document, "callTemplate")
    if isinstance(template, dict) and any_of(template, "systemPrompt", "selectedTools", "voice", "model"):
        return Detection("ultravox", "agent")
    inner = part(document, "callConfig") if isinstance(part(document, "callConfig"), dict) else document
    marks = sum(key in _MARKS for key in inner) if isinstance(inner, dict) else 0
    if (
        has(inner, "systemPrompt")
        and (marks >= 1 or "ultravox" in str(part(inner, "model")))
        and not has(inner, "intent")
    ):
        return Detection("ultravox", "call")
    if rows(part(document, "selectedTools")) and any(
        has(row, "temporaryTool") for row in rows(part(document, "selectedTools"))
    ):
        return Detection("ultravox", "call")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the call or the template."""
    agent = Agent()
    root = source.root
    node = next((root[key] for key in ("callTemplate", "callConfig") if root[key].is_object), root)
    agent.name = root["name"].take_text("name") or node["name"].take_text("name") or root["title"].take_text("name")
    agent.prompt = take_template(agent, node["systemPrompt"], "prompt") or ""
    model = node["model"].take_text("s2s.model")
    agent.s2s = Speech2Speech(
        provider="ultravox", model=model, temperature=node["temperature"].take_number("s2s.temperature")
    )
    _voice(agent, node)
    languages.take_language(agent, node["languageHint"])
    _first(agent, node)
    _idle(agent, node)
    agent.limits.max_duration_s = read_seconds(node["maxDuration"], "limits.maxDurationS")
    agent.turn.min_endpointing_s = read_seconds(node.at("vadSettings", "turnEndpointDelay"), "turn.minEndpointingS")
    agent.turn.interruption_min_s = read_seconds(
        node.at("vadSettings", "minimumInterruptionDuration"), "turn.interruptionMinS"
    )
    for item in node["selectedTools"].items():
        read_tool(agent, item)
    for event, item in node["callbacks"].fields():
        url = item["url"].take_text("webhooks.url")
        if url:
            agent.webhooks.append(
                Webhook(event="post_call" if event in ("ended", "billed") else "status", url=url, events=[event])
            )
    agent.metadata.update({name: item.take("metadata") for name, item in node["metadata"].fields()})
    node.apply(_RULES)
    root.apply(_RULES)
    return VoiceAgents(platform="ultravox", kind=detection.kind, agents=[agent])


def _voice(agent: Agent, node: Node) -> None:
    voice = node["voice"]
    if voice.text:
        agent.voice.name = voice.text
        voice.approximated("A voice of Ultravox; choose one here.", "voice.name")
    for name, item in node["externalVoice"].fields():
        provider = vendors.vendor(name)
        agent.voice.id = item["voiceId"].take_text("voice.id")
        agent.voice.model = item["model"].take_text("voice.model")
        agent.voice.provider = None if provider == "generic" else provider
        agent.voice.speed = item["speed"].take_number("voice.speed")


def _first(agent: Agent, node: Node) -> None:
    settings = node["firstSpeakerSettings"]
    legacy = node["firstSpeaker"].take_text("firstMessage.mode")
    agent.first_message.text = take_template(agent, settings.at("agent", "text"), "firstMessage.text")
    take_template(agent, settings.at("agent", "prompt"), "firstMessage.mode")
    if settings["agent"]:
        agent.first_message.mode = "say" if agent.first_message.text else "generate"
    elif settings["user"] or legacy in ("FIRST_SPEAKER_USER", "user"):
        agent.first_message.mode = "wait"
    else:
        agent.first_message.mode = "generate"
    uninterruptible = settings.at("agent", "uninterruptible").take_flag("firstMessage.interruptible")
    agent.first_message.interruptible = None if uninterruptible is None else not uninterruptible


def _idle(agent: Agent, node: Node) -> None:
    for item in node["inactivityMessages"].items():
        after = read_seconds(item["duration"], "idle.afterSeconds")
        text = take_template(agent, item["message"], "idle.prompts")
        if text:
            agent.idle.prompts.append(text)
        if agent.idle.after_seconds is None:
            agent.idle.after_seconds = after
        elif after != agent.idle.after_seconds:
            item["duration"].revise("Prompts are spaced evenly here.")
        item["endBehavior"].mark("approximated", "The call ends after the last prompt here.", "idle.prompts")


READER = Reader("ultravox", "Ultravox", detect, read)
