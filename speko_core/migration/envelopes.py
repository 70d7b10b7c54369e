"""How each platform calls a customer's server for a tool, so that a migrated tool can go on calling the old one.

Pure: a call in, the HTTP request to make out; the answer in, the text for the model out. Sources: the vendors' pages on
custom tools (Vapi server messages, Retell custom functions, ElevenLabs server tools, Bland custom tools, Bolna function
calls, Ultravox HTTP tools, Deepgram function endpoints, Telnyx webhook tools).
"""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import quote

from speko_core.migration.build import ToolAdapter
from speko_core.types import JsonObject, JsonValue

_PATH = re.compile(r"\{{1,2}\s*([A-Za-z_]\w*)\s*\}{1,2}")
_BLAND = re.compile(r"\{\{\s*(?:input\.)?([A-Za-z_]\w*)\s*\}\}")
_BOLNA = re.compile(r"%\(([A-Za-z_]\w*)\)[sdf]")


@dataclass(frozen=True)
class ToolCall:
    """A call the model made: its id, the tool's name as the source had it, the arguments, the session it belongs to."""

    id: str
    name: str
    arguments: JsonObject
    session_id: str = ""


@dataclass(frozen=True)
class ServerRequest:
    """What to send. `body` is None where the method carries none."""

    method: str
    url: str
    query: dict[str, str] = field(default_factory=dict)
    body: JsonValue = None


def server_request(adapter: ToolAdapter, url: str, call: ToolCall) -> ServerRequest:
    """The request the customer's server expects for this call."""
    arguments: JsonObject = {**adapter.constants, **call.arguments}
    in_path = set(_PATH.findall(url))
    target = _PATH.sub(lambda match: quote(_text(arguments.get(match.group(1))), safe=""), url)
    placed = in_path | {name for value in adapter.query.values() for name in _BLAND.findall(str(value))}
    rest: JsonObject = {name: value for name, value in arguments.items() if name not in placed}
    filled = {name: _filled(value, arguments) for name, value in adapter.query.items()}
    query = {name: _text(value) for name, value in filled.items() if value is not None}
    if adapter.method in ("GET", "DELETE", "HEAD"):
        given = _filled(adapter.body, arguments)
        extra = given if isinstance(given, dict) else rest
        return ServerRequest(adapter.method, target, {**query, **{name: _text(value) for name, value in extra.items()}})
    return ServerRequest(adapter.method, target, query, _body(adapter, call, rest, arguments))


def _body(adapter: ToolAdapter, call: ToolCall, rest: JsonObject, arguments: JsonObject) -> JsonValue:
    if adapter.payload_format == "vapi":
        listed: JsonObject = {"id": call.id, "name": call.name, "arguments": rest}
        nested: JsonObject = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": rest}}
        message: JsonObject = {
            "type": "tool-calls",
            "toolCallList": [listed],
            "toolCalls": [nested],
            "call": {"id": call.session_id},
        }
        return {"message": message}
    if adapter.payload_format == "retell":
        return {"call": {"call_id": call.session_id}, "name": call.name, "args": rest}
    return _filled(adapter.body, arguments) if adapter.body not in (None, "", {}) else rest


def _filled(template: JsonValue, arguments: JsonObject) -> JsonValue:
    """A template with its placeholders replaced; a placeholder alone keeps the argument's type."""
    if isinstance(template, dict):
        return {name: _filled(value, arguments) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, arguments) for value in template]
    if not isinstance(template, str):
        return template
    for pattern in (_BLAND, _BOLNA):
        alone = pattern.fullmatch(template.strip())
        if alone:
            return arguments.get(alone.group(1))
    parsed = _parsed(template)
    if parsed is not None:
        return _filled(parsed, arguments)
    filled = _BLAND.sub(lambda match: _text(arguments.get(match.group(1))), template)
    return _BOLNA.sub(lambda match: _text(arguments.get(match.group(1))), filled)


def _parsed(template: str) -> JsonValue:
    if not template.lstrip().startswith(("{", "[")) or template.lstrip().startswith("{{"):
        return None
    try:
        value = json.loads(template)
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def answer_text(adapter: ToolAdapter, call: ToolCall, answer: JsonValue) -> str:
    """What the model sees of the server's answer; Vapi's servers wrap it in a list of results."""
    if adapter.payload_format == "vapi" and isinstance(answer, dict) and isinstance(answer.get("results"), list):
        results = answer["results"]
        for result in results if isinstance(results, list) else []:
            if isinstance(result, dict) and result.get("toolCallId") in (call.id, None):
                return _text(result.get("result", result.get("error")))
    return _text(answer)
