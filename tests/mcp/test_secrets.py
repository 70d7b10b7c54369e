"""No tool repeats a secret: every secret is created, every reading tool is called, and every answer is searched."""

import json
from typing import Any

import httpx
from starlette.requests import Request

from speko_core import registry
from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite
from tests.mcp.client import mcp_client
from tests.mcp.test_calls import call
from tests.secret_watch import Watched, leaked

SIGNING = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
GIVEN = {
    "provider": "vendor-key-opensesame-1",
    "tool": "0123456789abcdef0123456789abcdef",
    "header": "header-opensesame-3",
    "endpoint": "endpoint-opensesame-4",
    "signing": SIGNING,
}
READING = [operation for operation in registry.OPERATIONS if operation.tool and operation.effect == "read"]
# The one answer whose purpose is the secret.
SHOWN_ONCE = {"create_api_key": "key", "rotate_webhook_secret": "secret", "create_session": "transportToken"}


async def create_secrets(client: Any, tenant: Tenant) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Every kind of secret; ids of what holds them, secrets shown once, and the answers without those."""
    ids: dict[str, Any] = {"agents": tenant.agent_id, "tools": tenant.agent_id, "versions": tenant.agent_id}
    tool_source = {
        "url": "https://pets.example.com/x",
        "secret": GIVEN["tool"],
        "authHeaders": [{"name": "X-Key", "value": GIVEN["header"]}],
    }
    endpoint = {
        "name": "hook", "url": "https://hooks.example.com/x", "events": ["call.report"],
        "signingSecretSource": "custom", "signingSecret": SIGNING,
        "authHeaders": [{"name": "X-Key", "value": GIVEN["endpoint"]}],
    }  # fmt: skip
    tool = {
        "id": tenant.agent_id, "name": "lookup", "description": "Looks up.", "source": tool_source,
        "parameters": {"type": "object", "properties": {}},
    }  # fmt: skip
    made = {
        "set_provider_key": await call(client, "set_provider_key", provider="deepgram", apiKey=GIVEN["provider"]),
        "create_agent_tool": await call(client, "create_agent_tool", **tool),
        "create_webhook": await call(client, "create_webhook", **endpoint),
        "create_api_key": await call(client, "create_api_key", name="spare"),
        "create_session": await call(client, "create_session", agentId=tenant.agent_id),
        "rotate_webhook_secret": await call(client, "rotate_webhook_secret"),
    }
    for name, result in made.items():
        assert not result.is_error, (name, result)
    once = {name: made[name].structured_content[field] for name, field in SHOWN_ONCE.items()}
    ids |= {"toolId": made["create_agent_tool"].structured_content["id"]}
    ids |= {"webhooks": made["create_webhook"].structured_content["id"]}
    ids |= {"sessions": made["create_session"].structured_content["sessionId"]}
    answers = [text_of(result) for name, result in made.items() if name not in SHOWN_ONCE]
    return ids, once, answers


def text_of(result: Any) -> str:
    """Everything an answer holds."""
    return json.dumps([block.model_dump() for block in result.content]) + json.dumps(result.structured_content)


def arguments_for(operation: Any, ids: dict[str, Any]) -> dict[str, Any]:
    """What a reading tool needs, as far as it is known."""
    known = {"id": ids.get(operation.resource, "missing"), "toolId": ids["toolId"], "number": 1, "query": "secret"}
    known |= {"agentId": ids["agents"], "language": "en-US", "codeLanguage": "curl", "page": "mcp", "task": "talk"}
    fields = {field.alias or name: field for name, field in operation.input.model_fields.items()}
    return {name: value for name, value in known.items() if name in fields and fields[name].is_required()}


@on_sqlite
async def test_no_answer_repeats_a_secret(deps: Deps, tenant: Tenant) -> None:
    """ORG-8, MCP-11"""
    async with mcp_client(deps, tenant.key) as client:
        ids, once, answers = await create_secrets(client, tenant)
        secrets = {**GIVEN, **once, "caller": tenant.key}
        succeeded = 0
        for operation in READING:
            assert operation.tool is not None
            result = await call(client, operation.tool.name, **arguments_for(operation, ids))
            succeeded += not result.is_error
            answers.append(text_of(result))
        for secret in secrets.values():
            answers.append(text_of(await call(client, "get_agent", id=secret[:80])))
            answers.append(text_of(await call(client, "create_agent", name=5, unknown=secret)))
        answers += [text.text for text in await client.read_resource(f"speko://agents/{tenant.agent_id}")]
    assert succeeded > len(READING) / 2
    leaked = {name for name, secret in secrets.items() if any(secret in answer for answer in answers)}
    assert leaked == set()


async def test_the_watch_over_the_suite_sees_what_leaks() -> None:
    """ORG-8: what a client sent as a secret, and what was shown once already."""
    shown = {"key": "sk_live_" + "a" * 39}

    async def careless(scope: Any, receive: Any, send: Any) -> None:
        heard = await Request(scope, receive).body()
        said = heard if scope["path"] == "/echo" else json.dumps(shown).encode()
        kind = (b"content-type", b"application/json")
        await send({"type": "http.response.start", "status": 200, "headers": [kind]})
        await send({"type": "http.response.body", "body": said})

    transport = httpx.ASGITransport(app=Watched(careless))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        await http.get("/keys")
        assert leaked == []
        await http.get("/keys")
        await http.post("/echo", json={"params": {"arguments": {"apiKey": GIVEN["provider"]}}})
    assert leaked == ["/keys shows a secret for the second time", "/echo repeats what a client sent as a secret"]
    leaked.clear()
