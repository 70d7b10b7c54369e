"""The neutral model as a Vapi assistant: the other way round of `readers/vapi.py`."""

from speko_core.migration.export.parts import extraction_schema, headers_of, server_name, without_nothing
from speko_core.migration.neutral import Agent, Tool
from speko_core.types import JsonObject, JsonValue

_VENDORS = {
    "elevenlabs": "11labs", "assemblyai": "assembly-ai", "deepseek": "deep-seek", "together": "together-ai",
    "perplexity": "perplexity-ai", "inflection": "inflection-ai", "bedrock": "anthropic-bedrock", "rime": "rime-ai",
    "smallest": "smallest-ai",
}  # fmt: skip
_MODES = {
    "say": "assistant-speaks-first",
    "generate": "assistant-speaks-first-with-model-generated-message",
    "wait": "assistant-waits-for-user",
}
_AMD = {"disabled": "off", "carrier": "twilio", "agent": "google"}


def assistant(agent: Agent) -> JsonObject:
    """The body of Vapi's `POST /assistant`."""
    made: JsonObject = {
        "name": agent.name,
        "firstMessage": agent.first_message.text,
        "firstMessageMode": _MODES[agent.first_message.mode or "say"],
        "model": _model(agent),
        "voice": _voice(agent),
        "transcriber": _transcriber(agent),
        "startSpeakingPlan": {"waitSeconds": agent.turn.min_endpointing_s},
        "stopSpeakingPlan": {
            "numWords": agent.turn.interruption_min_words,
            "voiceSeconds": agent.turn.interruption_min_s,
        },
        "maxDurationSeconds": agent.limits.max_duration_s,
        "silenceTimeoutSeconds": agent.limits.silence_end_s,
        "backgroundSound": agent.background.source,
        "endCallMessage": agent.end_call.message,
        "endCallPhrases": [*agent.end_call.phrases],
        "voicemailDetection": {"provider": _AMD[agent.voicemail.mode]} if agent.voicemail.mode else None,
        "voicemailMessage": agent.voicemail.message,
        "analysisPlan": {"structuredDataPlan": {"schema": extraction_schema(agent)}} if agent.extraction else None,
        "server": {"url": agent.webhooks[0].url} if agent.webhooks else None,
        "variableValues": {item.name: item.default for item in agent.variables if item.default is not None},
        "metadata": dict(agent.metadata),
    }
    return without_nothing(made)


def _model(agent: Agent) -> JsonObject:
    vendor = agent.llm.provider
    tools: list[JsonValue] = [_tool(tool) for tool in agent.tools if not tool.unmappable]
    if agent.transfers:
        tools.append({"type": "transferCall", "destinations": _destinations(agent)})
    return {
        "provider": _VENDORS.get(vendor or "", vendor),
        "model": agent.llm.model,
        "temperature": agent.llm.temperature,
        "maxTokens": agent.llm.max_tokens,
        "messages": [{"role": "system", "content": agent.prompt}] if agent.prompt else [],
        "fallbackModels": [model.model for model in agent.llm.fallbacks],
        "tools": tools,
    }


def _destinations(agent: Agent) -> list[JsonValue]:
    return [
        {
            "type": "sip" if transfer.to.startswith("sip") else "number",
            "sipUri" if transfer.to.startswith("sip") else "number": transfer.to,
            "description": transfer.description or None,
            "message": transfer.message,
            "transferPlan": {"mode": "warm-transfer-say-summary" if transfer.mode == "warm" else "blind-transfer"},
        }
        for transfer in agent.transfers
    ]


def _voice(agent: Agent) -> JsonObject:
    voice = agent.voice
    replaced: list[JsonValue] = [
        {"type": "exact", "key": key, "value": value} for key, value in agent.replacements.items()
    ]
    return {
        "provider": _VENDORS.get(voice.provider or "", voice.provider),
        "voiceId": voice.id,
        "model": voice.model,
        "speed": voice.speed,
        "chunkPlan": {"formatPlan": {"replacements": replaced}} if replaced else None,
    }


def _transcriber(agent: Agent) -> JsonObject:
    vendor = agent.stt.provider
    return {
        "provider": _VENDORS.get(vendor or "", vendor),
        "model": agent.stt.model,
        "language": agent.language.primary,
        "keywords": [*agent.stt.keywords],
    }


def _tool(tool: Tool) -> JsonObject:
    if tool.builtin == "end_call":
        return {"type": "endCall"}
    endpoint, function = tool.endpoint, {"name": server_name(tool), "description": tool.description}
    server: JsonObject | None = None
    if endpoint is not None:
        seconds = endpoint.timeout_ms / 1000 if endpoint.timeout_ms else None
        server = {"url": endpoint.url, "headers": headers_of(endpoint), "timeoutSeconds": seconds}
    said: JsonValue = [{"type": "request-start", "content": tool.speech}] if tool.speech else None
    return {
        "type": "function",
        "function": {**function, "parameters": tool.parameters or None},
        "server": server,
        "async": True if endpoint is not None and endpoint.runs_async else None,
        "messages": said,
    }
