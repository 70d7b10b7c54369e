"""Twilio ConversationRelay: the verb in TwiML, wherever it is written. Prompt and model are in its program."""

import re

from speko_core.migration import languages, vendors
from speko_core.migration.neutral import Agent, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, has, part
from speko_core.migration.rules import Rule, RuleTree, ignored, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import adopt, take_defaults
from speko_core.types import JsonValue

_RULES = RuleTree(
    (
        *ignored("For finding faults.", "debug", "attributes.debug"),
        *unsupported("Digits the caller types are not collected.", "attributes.dtmfDetection"),
        Rule(
            "attributes.url", "needs_input", "Your own program leads the conversation; copy its prompt into the agent."
        ),
        Rule("attributes.interruptible", "approximated", "", "turn.interruptible"),
        Rule("attributes.interruptSensitivity", "approximated", "", "turn.sensitivity"),
        Rule("attributes.preemptible", "approximated", "", "turn.sensitivity"),
        Rule("attributes.welcomeGreetingInterruptible", "unsupported", "", "firstMessage.interruptible"),
        Rule("languages", "approximated", "", "language.others"),
    )
)


def detect(document: JsonValue) -> Detection | None:
    """The verb, as read out of XML."""
    if has(document, "verb") and part(document, "verb") == "ConversationRelay":
        return Detection("twilio", "conversation_relay")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the attributes."""
    agent = Agent()
    root = source.root
    node = root["attributes"]
    root["verb"].mark("mapped", target="stt.provider")
    greeting = node["welcomeGreeting"].take_text("firstMessage.text")
    agent.first_message.text = adopt(agent, greeting, node["welcomeGreeting"].revise) if greeting else None
    agent.first_message.mode = "say" if greeting else "wait"
    for key in ("language", "ttsLanguage", "transcriptionLanguage"):
        languages.take_language(agent, node[key])
    vendors.take_stt(agent, node["transcriptionProvider"], node["speechModel"])
    _voice(agent, node)
    hints = node["hints"].take_text("stt.keywords") or ""
    agent.stt.keywords.extend(word.strip() for word in hints.split(",") if word.strip())
    for item in root["parameters"].items():
        name = item["name"].text
        if name:
            take_defaults(agent, Node(source, item.path, {name: item["value"].json}))
        item.mark("mapped", target="variables")
    for item in root["languages"].items():
        other = languages.tag(item["code"].text)
        if other and other != agent.language.primary:
            agent.language.others.append(other)
    root.apply(_RULES)
    warning = "The prompt and the language model are in the program at `url`; copy the prompt into the agent."
    return VoiceAgents(platform="twilio", kind=detection.kind, agents=[agent], warnings=[warning])


def _voice(agent: Agent, node: Node) -> None:
    """ElevenLabs voices are packed there as `id-model-speed_stability_similarity`."""
    voice, provider = node["voice"], vendors.vendor(node["ttsProvider"].text)
    packed = (voice.text or "").split("-")
    if provider == "elevenlabs" and len(packed) > 1:
        node["ttsProvider"].take_text("voice.provider")
        voice.approximated("Its model and speed are taken apart; stability and similarity are dropped.", "voice.id")
        agent.voice.provider, agent.voice.id, agent.voice.model = provider, packed[0], f"eleven_{packed[1]}"
        speed = packed[2].split("_")[0] if len(packed) > 2 else ""
        agent.voice.speed = float(speed) if re.fullmatch(r"\d(\.\d+)?", speed) else None
        return
    vendors.take_voice(agent, node["ttsProvider"], voice)


READER = Reader("twilio", "Twilio ConversationRelay", detect, read)
