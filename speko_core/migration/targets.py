"""Where each field of the neutral model lands in the requests of this product, and what is lost on the way.

The one table behind every report: a reader says what a value means, this says whether the product has a place for it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from speko_core.migration.report import Status


@dataclass(frozen=True)
class Landing:
    """A place in a request. `status` is the best that can be said of a value that goes there."""

    target: str | None
    status: Status = "mapped"
    note: str = ""


def _kept(note: str) -> Landing:
    return Landing(None, "unsupported", note)


_AGENT = "agent_create_payload"
_SESSION = "session_config"
_TABLE: dict[str, Landing] = {
    "name": Landing(f"{_AGENT}.name"),
    "description": _kept("An agent has no description here."),
    "prompt": Landing(f"{_AGENT}.systemPrompt"),
    "knowledgeText": Landing(f"{_AGENT}.systemPrompt"),
    "firstMessage.text": Landing(f"{_AGENT}.firstMessage"),
    "firstMessage.mode": Landing(f"{_AGENT}.firstMessageMode"),
    "firstMessage.audioUrl": _kept("The first message is spoken here; a recording cannot be played."),
    "firstMessage.interruptible": _kept("Whether the first message can be interrupted is not a setting here."),
    "firstMessage.delayS": _kept("A pause before the first message is not a setting here."),
    "language.primary": Landing(f"{_AGENT}.intent.language"),
    "language.others": Landing(None, "approximated", "One agent speaks one language here; make one per language."),
    "llm.provider": Landing(f"{_AGENT}.stackPreferences.allowedProviders.llm"),
    "llm.model": Landing(f"{_AGENT}.llmOptions.model"),
    "llm.temperature": Landing(f"{_AGENT}.llmOptions.temperature"),
    "llm.maxTokens": Landing(f"{_AGENT}.llmOptions.maxTokens"),
    "llm.fallbacks": Landing(
        f"{_AGENT}.stackPreferences.allowedProviders.llm", "approximated", "The router picks the order, not the list."
    ),
    "llm.endpoint": Landing(None, "needs_input", "A language model of your own has to be added as a provider first."),
    "llm.reasoningEffort": _kept("Reasoning effort is set per completion here, not per agent."),
    "s2s.provider": Landing(f"{_AGENT}.stackPreferences.allowedProviders.s2s"),
    "s2s.model": Landing(f"{_AGENT}.stackPreferences.allowedProviders.s2s"),
    "s2s.voice": Landing(None, "approximated", "The voice belongs to that model; choose one when the session starts."),
    "s2s.temperature": Landing(f"{_AGENT}.llmOptions.temperature"),
    "voice.provider": Landing(f"{_AGENT}.stackPreferences.allowedProviders.tts"),
    "voice.id": Landing(f"{_AGENT}.voice"),
    "voice.name": Landing(None, "approximated", "A voice is named by its id here."),
    "voice.model": Landing(f"{_AGENT}.stackPreferences.allowedProviders.tts"),
    "voice.speed": Landing(f"{_AGENT}.ttsOptions.speed"),
    "voice.sampleRate": Landing(f"{_AGENT}.ttsOptions.sampleRate"),
    "voice.language": Landing(None, "approximated", "The agent's language decides how a voice reads."),
    "voice.fallbacks": Landing(
        f"{_AGENT}.stackPreferences.allowedProviders.tts", "approximated", "Providers are kept; their voices are not."
    ),
    "voice.options": _kept("A setting of that vendor only."),
    "stt.provider": Landing(f"{_AGENT}.stackPreferences.allowedProviders.stt"),
    "stt.model": Landing(f"{_AGENT}.stackPreferences.allowedProviders.stt"),
    "stt.keywords": Landing(f"{_AGENT}.sttOptions.keywords"),
    "stt.prompt": Landing(f"{_AGENT}.sttOptions.prompt"),
    "stt.language": Landing(f"{_AGENT}.sttOptions.language"),
    "stt.preference": Landing(f"{_AGENT}.intent.optimizeFor"),
    "stt.fallbacks": Landing(f"{_AGENT}.stackPreferences.allowedProviders.stt", "approximated", "The router decides."),
    "turn.minEndpointingS": Landing(f"{_SESSION}.turnHandling.endpointing.minDelay"),
    "turn.maxEndpointingS": Landing(f"{_SESSION}.turnHandling.endpointing.maxDelay"),
    "turn.interruptible": _kept("Callers can always interrupt here."),
    "turn.interruptionMinS": Landing(f"{_SESSION}.turnHandling.interruption.minDuration"),
    "turn.interruptionMinWords": Landing(f"{_SESSION}.turnHandling.interruption.minWords"),
    "turn.detection": Landing(f"{_SESSION}.turnHandling.interruption.mode", "approximated", "The method differs."),
    "turn.noiseCancellation": _kept("There is no noise cancellation here."),
    "turn.backchannel": _kept("The agent does not murmur while the caller speaks."),
    "turn.sensitivity": Landing(None, "approximated", "A scale of that vendor; turn taking keeps its defaults here."),
    "idle.afterSeconds": Landing(f"{_AGENT}.idleReprompt.afterSeconds"),
    "idle.prompts": Landing(f"{_AGENT}.idleReprompt.prompts"),
    "idle.maxCount": Landing(f"{_AGENT}.idleReprompt.prompts", "approximated", "Said as that many prompts."),
    "limits.maxDurationS": Landing(
        f"{_SESSION}.ttlSeconds", "approximated", "Counts from the creation of the session."
    ),
    "limits.silenceEndS": Landing(
        f"{_AGENT}.idleReprompt", "approximated", "The call ends after the last idle prompt; the sum is close to it."
    ),
    "limits.ringS": _kept("How long a phone rings is not a setting here."),
    "endCall.message": Landing("tools[].description", "approximated", "Becomes an instruction of the end_call tool."),
    "endCall.phrases": Landing("tools[].description", "approximated", "Becomes an instruction of the end_call tool."),
    "endCall.enabled": Landing("tools[]"),
    "voicemail.mode": Landing("phone_config.telephony.amd.mode"),
    "voicemail.timeoutS": Landing("phone_config.telephony.amd.timeoutSeconds"),
    "voicemail.message": Landing(f"{_AGENT}.systemPrompt", "approximated", "Becomes an instruction of the prompt."),
    "background.source": Landing(f"{_AGENT}.backgroundAudio.ambient", "approximated", "The nearest built-in sound."),
    "background.volume": Landing(f"{_AGENT}.backgroundAudio.ambient.volume"),
    "speech.pronunciations": Landing(f"{_AGENT}.speechNormalization.pronunciationDictionary"),
    "speech.replacements": Landing(f"{_AGENT}.speechNormalization.textReplacements"),
    "variables": Landing(f"{_AGENT}.promptVariables"),
    "extraction": Landing(f"{_AGENT}.extractionFields"),
    "extractionPrompt": Landing(None, "approximated", "Fields are described one by one here."),
    "summaryPrompt": Landing(None, "approximated", "Every report has a summary; its prompt is fixed."),
    "evals": Landing("evals[]", "approximated", "Kept as criteria to make evals from."),
    "webhooks": Landing("webhooks[]", "approximated", "Events have other names and bodies here; adapt the receiver."),
    "tools": Landing("tools[]"),
    "tools.speech": Landing(
        "tools[].preToolSpeech", "approximated", "The agent says something fitting, not this text."
    ),
    "tools.response": _kept("The whole answer goes to the model; nothing is picked out of it."),
    "transfers": Landing("tools[].source.config"),
    "knowledge": Landing(None, "needs_input", "The documents are not in the file: upload them to the knowledge base."),
    "telephony.numbers": Landing(None, "needs_input", "Numbers move separately: import or buy one, then attach it."),
    "telephony.settings": _kept("A setting of the phone line."),
    "compliance": _kept("Set for the installation here, not per agent."),
    "metadata": Landing(f"{_SESSION}.metadata"),
    "graph": Landing(f"{_AGENT}.systemPrompt", "approximated", "The graph becomes stages the model follows."),
    "graph.layout": Landing(None, "ignored", "Drawing of the editor."),
    "handoffs": Landing(
        "handoff_tool", "approximated", "Becomes a stage, or a tool that hands over to a linked agent."
    ),
    "mcpServers": Landing(None, "needs_input", "Add the MCP server to the agent: docs/mcp-servers.md."),
}
_INDEX = re.compile(r"\[[^\]]*\]")


@lru_cache(maxsize=2048)
def landing_of(neutral: str) -> Landing:
    """Where a field of the neutral model lands; the longest known prefix decides."""
    name = _INDEX.sub("", neutral)
    name = re.sub(r"^agents\.", "", name)
    while name:
        if name in _TABLE:
            return _TABLE[name]
        name = name.rpartition(".")[0]
    return _kept("No field for it here.")


def landings() -> dict[str, Landing]:
    """The whole table, for the documentation."""
    return dict(_TABLE)


@dataclass(frozen=True)
class Fate:
    """What finally becomes of a value."""

    status: Status
    reason: str
    target: str | None


_RANK: dict[Status, int] = {
    "mapped": 0,
    "approximated": 1,
    "needs_input": 2,
    "unsupported": 3,
    "ignored": 4,
    "invalid": 5,
}


@lru_cache(maxsize=4096)
def resolve(neutral: str | None, status: Status, reason: str) -> Fate:
    """The reader's word and the table's, whichever is worse."""
    if neutral is None or status in ("ignored", "invalid"):
        return Fate(status, reason, None)
    landing = landing_of(neutral)
    if status == "unsupported":
        return Fate(status, reason or landing.note, None)
    worse = landing.status if _RANK[landing.status] > _RANK[status] else status
    text = " ".join(part for part in (reason, landing.note) if part)
    return Fate(worse, text, landing.target)
