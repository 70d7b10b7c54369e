"""The neutral model as an ElevenLabs agent: the other way round of `readers/elevenlabs.py`."""

from speko_core.migration.export.parts import headers_of, server_name, without_nothing
from speko_core.migration.neutral import Agent, Endpoint, Tool
from speko_core.types import JsonObject, JsonValue


def agent_config(agent: Agent) -> JsonObject:
    """The body of ElevenLabs' `POST /v1/convai/agents/create`, and a file of their agents command line."""
    voice = agent.voice
    config: JsonObject = {
        "agent": {
            "language": (agent.language.primary or "").partition("-")[0] or None,
            "dynamic_variables": {
                "dynamic_variable_placeholders": {
                    item.name: item.default for item in agent.variables if item.default is not None
                }
            },
            "prompt": _prompt(agent),
        },
        "tts": {
            "voice_id": voice.id,
            "model_id": voice.model,
            "speed": voice.speed,
            "agent_output_audio_format": f"pcm_{voice.sample_rate}" if voice.sample_rate else None,
        },
        "asr": {"keywords": [*agent.stt.keywords]},
        "turn": {
            "turn_timeout": agent.idle.after_seconds,
            "silence_end_call_timeout": agent.limits.silence_end_s,
        },
        "conversation": {"max_duration_seconds": agent.limits.max_duration_s},
    }
    made = without_nothing({"name": agent.name, "conversation_config": config, "platform_settings": _settings(agent)})
    # An empty first message says that the caller speaks first, so it is written after the empty values are gone.
    said = agent.first_message.text if agent.first_message.mode == "say" else ""
    conversation = made.setdefault("conversation_config", {})
    assert isinstance(conversation, dict)
    inner = conversation.get("agent")
    conversation["agent"] = {**(inner if isinstance(inner, dict) else {}), "first_message": said or ""}
    return made


def _prompt(agent: Agent) -> JsonObject:
    ends = next((tool for tool in agent.tools if tool.builtin == "end_call"), None)
    builtins: JsonObject = {}
    if ends is not None:
        builtins["end_call"] = _system("end_call", ends.description, {})
    if agent.transfers:
        builtins["transfer_to_number"] = _system("transfer_to_number", None, {"transfers": _transfers(agent)})
    return {
        "prompt": agent.prompt,
        "llm": agent.llm.model,
        "temperature": agent.llm.temperature,
        "max_tokens": agent.llm.max_tokens,
        "tools": [_tool(tool) for tool in agent.tools if not tool.builtin and not tool.unmappable],
        "built_in_tools": builtins,
    }


def _system(name: str, description: str | None, params: JsonObject) -> JsonObject:
    settings: JsonObject = {"system_tool_type": name, **params}
    return {"type": "system", "name": name, "description": description, "params": settings}


def _transfers(agent: Agent) -> list[JsonValue]:
    return [
        {
            "transfer_destination": {"type": "phone", "phone_number": transfer.to},
            "condition": transfer.description or None,
            "transfer_type": "conference" if transfer.mode == "warm" else "blind",
        }
        for transfer in agent.transfers
    ]


def _tool(tool: Tool) -> JsonObject:
    if tool.endpoint is None:
        return {
            "type": "client",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        }
    endpoint = tool.endpoint
    seconds = round(endpoint.timeout_ms / 1000) if endpoint.timeout_ms else None
    return {
        "type": "webhook",
        "name": server_name(tool),
        "description": tool.description,
        "response_timeout_secs": seconds,
        "api_schema": {
            "url": endpoint.url,
            "method": endpoint.method,
            "request_headers": headers_of(endpoint),
            "request_body_schema": _body(tool, endpoint),
        },
    }


def _body(tool: Tool, endpoint: Endpoint) -> JsonObject:
    properties, required = tool.parameters.get("properties"), tool.parameters.get("required")
    filled: JsonObject = {**properties} if isinstance(properties, dict) else {}
    fixed: JsonObject = {name: {"constant_value": value} for name, value in endpoint.constants.items()}
    return {"type": "object", "properties": {**filled, **fixed}, "required": required}


def _settings(agent: Agent) -> JsonObject:
    collected: JsonObject = {}
    for field in agent.extraction:
        one: JsonObject = {"type": "string" if field.type == "enum" else field.type, "description": field.description}
        collected[field.name] = {**one, "enum": [*field.options]} if field.options else one
    criteria: list[JsonValue] = [
        {"id": f"criterion_{at}", "name": item.name, "conversation_goal_prompt": item.goal}
        for at, item in enumerate(agent.evals, 1)
    ]
    return {"data_collection": collected, "evaluation": {"criteria": criteria}}
