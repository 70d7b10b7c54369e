"""`POST /v1/complete` over the REST door with scripted providers."""

import orjson
import pytest

from speko_core.deps import Deps
from speko_core.providers.base import LlmRequest, Message, Tool, ToolCall
from tests.conftest import rest_client
from tests.fakes.scripted_providers import HELLO, cast
from tests.gateway.oneshot_door import JSON, bare_deps, door

__all__ = ["bare_deps"]

ASK = {"messages": [{"role": "user", "content": "Hi!"}], "intent": {"language": "en-US"}}
TOOL = {"name": "look_up", "description": "Looks up.", "parameters": {"type": "object", "properties": {}}}


async def test_the_answer_is_an_event_stream_byte_for_byte(bare_deps: Deps) -> None:
    """ONE-4: `meta` first, `done` last, LF only, and integers where clients do not take null."""
    async with door(bare_deps, cast(acme=HELLO)) as client:
        answer = await client.post("/v1/complete", json=ASK)
    run = answer.headers["x-speko-scores-run-id"]
    expected = (
        b'event: meta\ndata: {"provider":"acme","model":"m-acme","failoverCount":0,"scoresRunId":"%b",'
        b'"totalFailoverCount":0,"hop":0}\n\n'
        b'event: delta\ndata: {"text":"Hel"}\n\n'
        b'event: delta\ndata: {"text":"lo"}\n\n'
        b'event: done\ndata: {"text":"Hello","provider":"acme","model":"m-acme","failoverCount":0,"scoresRunId":"%b",'
        b'"usage":{"promptTokens":14,"completionTokens":4}}\n\n'
    ) % (run.encode(), run.encode())
    assert answer.content == expected
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"


async def test_an_explicit_accept_of_json_gives_one_object(bare_deps: Deps) -> None:
    """ONE-2"""
    async with door(bare_deps, cast(acme=HELLO)) as client:
        answer = await client.post("/v1/complete", json=ASK, headers=JSON)
    assert answer.json() == {
        "text": "Hello",
        "provider": "acme",
        "model": "m-acme",
        "usage": {"promptTokens": 14, "completionTokens": 4},
        "failoverCount": 0,
        "scoresRunId": answer.headers["x-speko-scores-run-id"],
    }


@pytest.mark.parametrize("accept", ["*/*", "text/event-stream", "text/event-stream, application/json"])
async def test_other_accept_values_give_the_event_stream(bare_deps: Deps, accept: str) -> None:
    """ONE-2: the official clients raise on a JSON answer."""
    async with door(bare_deps, cast(acme=HELLO)) as client:
        answer = await client.post("/v1/complete", json=ASK, headers={"Accept": accept})
    assert answer.headers["content-type"] == "text/event-stream"


@pytest.mark.parametrize("headers", [{}, JSON])
async def test_every_answer_carries_the_routing_headers(bare_deps: Deps, headers: dict[str, str]) -> None:
    """ONE-5"""
    async with door(bare_deps, cast(acme=HELLO)) as client:
        answer = await client.post("/v1/complete", json=ASK, headers=headers)
    assert answer.headers["x-speko-provider"] == "acme"
    assert answer.headers["x-speko-model"] == "m-acme"
    assert answer.headers["x-speko-failover-count"] == "0"
    assert answer.headers["x-speko-scores-run-id"].startswith("scores_")


async def test_inline_tool_calls_are_handed_back_with_parsable_arguments(bare_deps: Deps) -> None:
    """ONE-4: `args` is a JSON string, `{}` when empty."""
    calls = (ToolCall("c1", "look_up", '{"q":"x"}'), ToolCall("c2", "look_up", ""))
    async with door(bare_deps, cast(acme=calls)) as client:
        stream = await client.post("/v1/complete", json={**ASK, "tools": [TOOL]})
        whole = await client.post("/v1/complete", json={**ASK, "tools": [TOOL]}, headers=JSON)
    handed = [{"id": "c1", "name": "look_up", "args": '{"q":"x"}'}, {"id": "c2", "name": "look_up", "args": "{}"}]
    assert whole.json()["toolCalls"] == handed
    assert whole.json()["usage"] == {"promptTokens": 0, "completionTokens": 0}
    for call in handed:
        assert b"event: tool_call\ndata: " + orjson.dumps(call) + b"\n\n" in stream.content


async def test_the_provider_is_asked_exactly_what_the_caller_said(bare_deps: Deps) -> None:
    """ONE-4"""
    scripted = cast(acme=HELLO)
    body = {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "", "toolCalls": [{"id": "c1", "name": "look_up", "args": ""}]},
            {"role": "tool", "content": "no", "toolCallId": "c1", "isError": True},
        ],
        "intent": {"language": "en", "region": None, "optimizeFor": None},
        "systemPrompt": "Be brief.",
        "temperature": 0.5,
        "maxTokens": 9,
        "reasoningEffort": "low",
        "tools": [{**TOOL, "source": {}, "preToolSpeech": "never"}],
        "toolChoice": {"type": "function", "function": {"name": "look_up"}},
        "parallelToolCalls": False,
        "maxToolHops": 16,
        "somethingNew": 1,
    }
    async with door(bare_deps, scripted) as client:
        answer = await client.post("/v1/complete", json=body)
    assert answer.status_code == 200
    assert scripted.request("acme") == LlmRequest(
        model="m-acme",
        language="en",
        messages=(
            Message("user", "Hi"),
            Message("assistant", "", (ToolCall("c1", "look_up", "{}"),)),
            Message("tool", "no", (), "c1", is_error=True),
        ),
        system_prompt="Be brief.",
        temperature=0.5,
        max_tokens=9,
        reasoning_effort="low",
        tools=(Tool("look_up", "Looks up.", {"type": "object", "properties": {}}),),
        tool_choice="tool:look_up",
        parallel_tool_calls=False,
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"messages": []}, "body"),
        ({"messages": [{"role": "robot", "content": ""}]}, "messages.0.role"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"intent": {"language": "english"}}, "intent.language"),
        ({"intent": {"language": "en", "region": "mars"}}, "intent.region"),
        ({"intent": {"language": "en", "optimizeFor": "beauty"}}, "intent.optimizeFor"),
        ({"temperature": 2.1}, "temperature"),
        ({"maxTokens": 0}, "maxTokens"),
        ({"maxToolHops": 17}, "maxToolHops"),
        ({"tools": [TOOL, TOOL]}, "body"),
        ({"toolChoice": {"type": "function", "function": {"name": "nobody"}}}, "body"),
        (
            {"messages": [{"role": "assistant", "content": "", "toolCalls": [{"id": "1", "name": "x", "args": "{"}]}]},
            "messages.0.toolCalls.0.args",
        ),
        ({"constraints": {"allowedProviders": {"llm": "acme"}}}, "constraints.allowedProviders.llm"),
        ({"constraints": {"allowedProviders": {"llm": ["acmee"]}}}, "constraints.allowedProviders.llm[0]"),
    ],
)
async def test_bad_input_is_400_and_names_the_field(bare_deps: Deps, change: dict[str, object], field: str) -> None:
    """ORG-10"""
    scripted = cast(acme=HELLO)
    async with door(bare_deps, scripted) as client:
        answer = await client.post("/v1/complete", json={**ASK, **change})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert [problem["field"] for problem in answer.json()["fields"]] == [field]
    assert scripted.scripts["acme"].requests == []


async def test_an_unknown_region_is_answered_with_the_regions(bare_deps: Deps) -> None:
    """RTE-18"""
    async with door(bare_deps, cast(acme=HELLO)) as client:
        answer = await client.post("/v1/complete", json={**ASK, "intent": {"language": "en", "region": "mars"}})
    for region in ("global", "us-east4", "europe-west3", "asia-southeast1"):
        assert region in answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe"])
async def test_a_body_that_is_no_object_is_400(bare_deps: Deps, body: bytes) -> None:
    """ORG-10"""
    async with door(bare_deps, cast(acme=HELLO)) as client:
        answer = await client.post("/v1/complete", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"executionMode": "webhook"}, "secretRef"),
        ({"source": {"url": "https://example.com/hook", "secret": "s"}}, "secretRef"),
        ({"source": {"url": "https://example.com/hook", "secretRef": "webhook:agent_x:look_up"}}, "secretRef"),
        ({"executionMode": "builtin"}, "name"),
        ({"source": {"name": "transfer_call", "config": {"destinations": []}}}, "config.destinations"),
        ({"executionMode": "integration", "source": {"installationId": "i"}}, ""),
    ],
)
async def test_a_tool_that_could_not_run_here_is_refused_by_name(
    bare_deps: Deps, how: dict[str, object], field: str
) -> None:
    """ONE-4: a webhook tool is one that is registered; nothing else is ever called."""
    async with door(bare_deps, cast(acme=HELLO)) as client:
        answer = await client.post("/v1/complete", json={**ASK, "tools": [{**TOOL, **how}]})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["fields"][0]["field"] == f"tools[0].source.{field}".rstrip(".")


async def test_without_a_key_the_body_is_not_even_looked_at(bare_deps: Deps) -> None:
    """ORG-10"""
    async with rest_client(bare_deps, None) as client:
        answer = await client.post("/v1/complete", content=b"{")
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")
