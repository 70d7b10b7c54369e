"""A migrated tool calls the old server as its platform did; the servers here answer only to their documented format."""

import json
from collections.abc import Callable

import pytest

from speko_core.migration.build import BuildOptions, ToolAdapter
from speko_core.migration.emit import build_session_config
from speko_core.migration.envelopes import ServerRequest, ToolCall, answer_text, server_request
from speko_core.types import JsonObject, JsonValue
from tests.core.migration.samples import parsed

Server = Callable[[ServerRequest], JsonValue]


def _object(value: JsonValue) -> JsonObject:
    assert isinstance(value, dict)
    return value


def vapi_server(request: ServerRequest) -> JsonValue:
    """Answers every call of `message.toolCallList` by its id."""
    message = _object(_object(request.body)["message"])
    assert message["type"] == "tool-calls"
    calls = message["toolCallList"]
    assert isinstance(calls, list)
    return {"results": [{"toolCallId": _object(call)["id"], "result": _object(call)["arguments"]} for call in calls]}


def retell_server(request: ServerRequest) -> JsonValue:
    """Reads `args` beside the call and the function's name."""
    body = _object(request.body)
    assert set(body) == {"call", "name", "args"}
    return body["args"]


def flat_server(request: ServerRequest) -> JsonValue:
    """Reads the arguments at the root of the body."""
    assert request.method == "POST"
    return request.body


def query_server(request: ServerRequest) -> JsonValue:
    """Reads the query; a GET has no body."""
    assert request.method == "GET"
    assert request.body is None
    return dict(request.query)


CASES: list[tuple[str, str, JsonObject, Server, str, JsonValue]] = [
    ("vapi_assistant", "check_availability", {"day": "Friday"}, vapi_server, "https://boats.example.com/vapi/tools", {"day": "Friday"}),
    ("retell_llm", "find_slot", {"day": "Montag"}, retell_server, "https://garage.example.com/slot", {"day": "Montag"}),
    ("elevenlabs_agent", "find_work", {"title": "Girl / Pearl"}, query_server, "https://museum.example.com/works/Girl%20%2F%20Pearl",
     {"lang": "en", "who": "{{visitor}}", "kind": "the kind of work the visitor is looking for"}),
    ("bland_call", "check_stock", {"flower": "peony"}, query_server, "https://fern.example.com/stock", {"flower": "peony"}),
    ("bolna_agent", "next_train", {"station": "Noida"}, query_server, "https://metro.example.com/next", {"s": "Noida"}),
    ("ultravox_call", "forecast", {"day": "lundi"}, flat_server, "https://sky.example.com/forecast", {"day": "lundi"}),
    ("deepgram_settings", "lookup_case", {"number": "7"}, flat_server, "https://legal.example.com/case", {"number": "7"}),
    ("telnyx_assistant", "find_class", {"day": "Monday"}, query_server, "https://gym.example.com/classes", {"day": "Monday"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "tool", "arguments", "server", "url", "seen"), CASES, ids=[case[1] for case in CASES])
def test_the_old_server_understands_the_call(
    name: str, tool: str, arguments: JsonObject, server: Server, url: str, seen: JsonValue
) -> None:
    """MIG-3"""
    build = build_session_config(parsed(name).agents, BuildOptions())
    adapter = next(adapter for adapter in build.tool_adapters if adapter.tool == tool)
    source = next(_object(body["source"]) for body in build.tools if body["name"] == tool)
    call = ToolCall("call_1", tool, arguments, "session_1")
    request = server_request(adapter, str(source["url"]), call)
    assert request.url == url
    assert json.loads(answer_text(adapter, call, server(request))) == seen


def test_a_text_template_is_filled_and_keeps_its_shape() -> None:
    """MIG-3"""
    template = '{"name": "{{input.name}}", "age": "{{input.age}}", "note": "for {{input.name}}"}'
    adapter = ToolAdapter(tool="t", payload_format="bland", method="POST", query={}, constants={}, body=template)
    call = ToolCall("1", "t", {"name": 'Ann "A"', "age": 7})
    request = server_request(adapter, "https://a.example.com", call)
    assert request.body == {"name": 'Ann "A"', "age": 7, "note": 'for Ann "A"'}
