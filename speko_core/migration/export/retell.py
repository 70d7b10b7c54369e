"""The neutral model as a Retell agent and its LLM: the other way round of `readers/retell.py`."""

from speko_core.migration.export.parts import headers_of, server_name, without_nothing
from speko_core.migration.neutral import Agent, Tool
from speko_core.types import JsonObject, JsonValue

_ALIASES = {"elevenlabs": "11labs", "fish": "fish_audio"}
_TYPES = {"string": "string", "number": "number", "boolean": "boolean", "enum": "enum"}


def bundle(agent: Agent) -> JsonObject:
    """Both in one document, as exports have them: `agent` for create-agent, `llm` for create-retell-llm."""
    return {"agent": without_nothing(_agent(agent)), "llm": without_nothing(_llm(agent)) | _opening(agent)}


def _agent(agent: Agent) -> JsonObject:
    voice = agent.voice
    alias = _ALIASES.get(voice.provider or "", voice.provider)
    analysis: list[JsonValue] = [
        {"type": _TYPES[field.type], "name": field.name, "description": field.description, "choices": [*field.options]}
        for field in agent.extraction
    ]
    return {
        "agent_name": agent.name,
        "language": agent.language.primary,
        "voice_id": f"{alias}-{voice.name}" if alias and voice.name else None,
        "voice_model": voice.model,
        "voice_speed": voice.speed,
        "boosted_keywords": [*agent.stt.keywords],
        "reminder_trigger_ms": _milliseconds(agent.idle.after_seconds),
        "reminder_max_count": agent.idle.max_count,
        "end_call_after_silence_ms": _milliseconds(agent.limits.silence_end_s),
        "max_call_duration_ms": _milliseconds(agent.limits.max_duration_s),
        "voicemail_message": agent.voicemail.message,
        "enable_voicemail_detection": None if agent.voicemail.mode is None else agent.voicemail.mode != "disabled",
        "pronunciation_dictionary": [
            {"word": word, "alphabet": "ipa", "phoneme": sound} for word, sound in agent.pronunciations.items()
        ],
        "post_call_analysis_data": analysis,
        "webhook_url": agent.webhooks[0].url if agent.webhooks else None,
    }


def _llm(agent: Agent) -> JsonObject:
    tools: list[JsonValue] = [_tool(tool) for tool in agent.tools if not tool.unmappable]
    for transfer in agent.transfers:
        option: JsonObject = {"type": "warm_transfer" if transfer.mode == "warm" else "cold_transfer"}
        place: JsonObject = {"type": "predefined", "number": transfer.to}
        tools.append(
            {
                "type": "transfer_call",
                "name": "transfer_call",
                "description": transfer.description or None,
                "transfer_destination": place,
                "transfer_option": option,
            }
        )
    return {
        "general_prompt": agent.prompt,
        "model": agent.llm.model,
        "model_temperature": agent.llm.temperature,
        "default_dynamic_variables": {item.name: item.default for item in agent.variables if item.default is not None},
        "general_tools": tools,
    }


def _opening(agent: Agent) -> JsonObject:
    """Null lets the model begin, so it must not be left out where somebody reads the file."""
    mode = agent.first_message.mode
    if mode == "wait":
        return {"start_speaker": "user"}
    return {"start_speaker": "agent", "begin_message": agent.first_message.text if mode == "say" else None}


def _tool(tool: Tool) -> JsonObject:
    if tool.builtin == "end_call":
        return {"type": "end_call", "name": "end_call", "description": tool.description}
    endpoint = tool.endpoint
    if endpoint is None:
        return {"type": "custom", "name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {
        "type": "custom",
        "name": server_name(tool),
        "description": tool.description,
        "parameters": tool.parameters,
        "url": endpoint.url,
        "method": endpoint.method,
        "headers": headers_of(endpoint),
        "query_params": dict(endpoint.query),
        "timeout_ms": endpoint.timeout_ms,
        "args_at_root": endpoint.payload_format == "plain",
        "execution_message_description": tool.speech,
    }


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
