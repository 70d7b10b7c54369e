"""Agents, over both doors and on both engines."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite
from tests.doors.doors import Door, open_door

NEW = {"name": "Reception", "systemPrompt": "You answer the phone.", "intent": {"language": "en-US"}}


@pytest.fixture(params=["rest", "mcp"])
async def door(request: pytest.FixtureRequest, deps: Deps, tenant: Tenant) -> AsyncIterator[Door]:
    async with open_door(request.param, deps, tenant.key) as opened:
        yield opened


async def test_a_created_agent_can_be_read_back(door: Door, tenant: Tenant) -> None:
    """AGT-1"""
    created = await door.call("agents.create", **NEW)
    assert created.code is None, created.message
    read = await door.call("agents.get", id=created.value["id"])
    for name in ("id", "name", "systemPrompt", "intent", "voice", "llmOptions", "stackPreferences", "createdAt"):
        assert read.value[name] == created.value[name]
    assert read.value["organizationId"] == tenant.organization_id
    assert read.value["extractionFields"] == []
    assert read.value["createdAt"].endswith("Z")


async def test_the_seeded_agent_is_named_default_and_listed(door: Door) -> None:
    """ORG-2"""
    listed = await door.call("agents.list")
    assert [agent["name"] for agent in listed.value] == ["Default"]
    assert "optimizeFor" not in listed.value[0]["intent"]


async def test_a_second_agent_of_the_same_name_is_refused(door: Door) -> None:
    """AGT-1"""
    await door.call("agents.create", **NEW)
    again = await door.call("agents.create", **NEW)
    assert again.code == "AGENT_NAME_CONFLICT"


async def test_an_update_changes_only_what_it_names_and_null_clears(door: Door) -> None:
    """AGT-1"""
    options = {"llmOptions": {"temperature": 0.5}, "voice": "rms", "extractionFields": [
        {"name": "city", "type": "string", "description": "Where the caller lives."}
    ]}  # fmt: skip
    created = await door.call("agents.create", **NEW, **options)
    changed = await door.call(
        "agents.update", id=created.value["id"], voice=None, systemPrompt="Shorter.", extractionFields=None
    )
    assert changed.value["voice"] is None
    assert changed.value["systemPrompt"] == "Shorter."
    assert changed.value["llmOptions"] == {"temperature": 0.5}
    assert len(changed.value["extractionFields"]) == 1
    assert changed.value["version"] == created.value["version"] + 1


async def test_a_rename_to_a_taken_name_is_refused(door: Door) -> None:
    """AGT-1"""
    created = await door.call("agents.create", **NEW)
    answer = await door.call("agents.update", id=created.value["id"], name="Default")
    assert answer.code == "AGENT_NAME_CONFLICT"


async def test_the_last_agent_cannot_be_deleted(door: Door, tenant: Tenant) -> None:
    """ORG-2"""
    refused = await door.call("agents.delete", id=tenant.agent_id)
    assert refused.code == "LAST_AGENT"
    await door.call("agents.create", **NEW)
    assert (await door.call("agents.delete", id=tenant.agent_id)).value["deleted"] is True
    assert (await door.call("agents.get", id=tenant.agent_id)).code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"intent": {"language": "english"}}, "intent.language"),
        ({"intent": {"language": "en", "optimizeFor": "balanced"}}, "intent.optimizeFor"),
        ({"llmOptions": {"temperature": 3}}, "llmOptions.temperature"),
        ({"llmOptions": {"topP": 1}}, "llmOptions.topP"),
        ({"name": ""}, "name"),
        ({"stackPreferences": {"allowedProviders": {"stt": ["Deep Gram"]}}}, "stackPreferences.allowedProviders.stt.0"),
    ],
)
async def test_a_wrong_field_is_named_with_what_is_allowed(door: Door, change: dict[str, object], field: str) -> None:
    """ORG-10"""
    answer = await door.call("agents.create", **{**NEW, **change})
    assert answer.code == "VALIDATION_ERROR"
    assert field in answer.message


async def test_an_s2s_allow_list_is_understood_as_the_python_sdk_writes_it(rest: httpx.AsyncClient) -> None:
    """AGT-1: the official Python client serializes the key as `s2S`."""
    preferences = {"allowedProviders": {"s2S": ["openai"]}}
    created = (await rest.post("/v1/agents", json={**NEW, "stackPreferences": preferences})).json()
    assert created["stackPreferences"] == {"allowedProviders": {"s2s": ["openai"]}}


async def test_a_background_sound_needs_exactly_one_source(rest: httpx.AsyncClient) -> None:
    """AGT-1"""
    for ambient in ({}, {"clip": "office-ambience", "soundId": "snd_1"}):
        answer = await rest.post("/v1/agents", json={**NEW, "backgroundAudio": {"ambient": ambient}})
        assert answer.status_code == 422
        assert answer.json()["code"] == "VALIDATION_ERROR"


async def test_twenty_concurrent_creations_of_one_name_make_one_agent(rest: httpx.AsyncClient) -> None:
    """AGT-1"""
    answers = await asyncio.gather(*(rest.post("/v1/agents", json=NEW) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    names = [agent["name"] for agent in (await rest.get("/v1/agents")).json()]
    assert names.count("Reception") == 1


async def test_two_concurrent_deletions_leave_the_last_agent(rest: httpx.AsyncClient) -> None:
    """ORG-2"""
    await rest.post("/v1/agents", json=NEW)
    ids = [agent["id"] for agent in (await rest.get("/v1/agents")).json()]
    answers = await asyncio.gather(*(rest.delete(f"/v1/agents/{agent_id}") for agent_id in ids))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_concurrent_deletions_with_idempotency_keys_wait_for_each_other(rest: httpx.AsyncClient) -> None:
    """ORG-2: a reserved key must not deadlock with the lock that protects the last agent."""
    for number in range(3):
        await rest.post("/v1/agents", json={**NEW, "name": f"Agent {number}"})
    ids = [agent["id"] for agent in (await rest.get("/v1/agents")).json()]
    answers = await asyncio.gather(
        *(rest.delete(f"/v1/agents/{agent_id}", headers={"Idempotency-Key": agent_id}) for agent_id in ids)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409]


async def test_a_new_agent_has_a_knowledge_base_named_default_and_takes_it_along(rest: httpx.AsyncClient) -> None:
    """AGT-6"""
    agent_id = (await rest.post("/v1/agents", json=NEW)).json()["id"]
    bases = (await rest.get("/v1/knowledge-bases", params={"agentId": agent_id})).json()
    assert [base["name"] for base in bases] == ["Default"]
    await rest.delete(f"/v1/agents/{agent_id}")
    assert (await rest.get(f"/v1/knowledge-bases/{bases[0]['id']}")).status_code == 404


SECRET = "whsec_c3Bla28tdGVzdC1zZWNyZXQtMzI="
HOOK = {
    "url": "https://example.com/status",
    "secret": SECRET,
    "authHeaders": [{"name": "X-Key", "value": "open-sesame"}],
}


@on_sqlite
async def test_a_webhooks_secrets_are_named_and_never_shown(rest: httpx.AsyncClient) -> None:
    """AGT-1, ORG-8"""
    created = await rest.post("/v1/agents", json={**NEW, "webhooks": {"status": HOOK}})
    agent = created.json()
    ref = f"agent-webhook:{agent['id']}:status"
    assert agent["webhooks"] == {
        "status": {
            "url": "https://example.com/status",
            "secretRef": ref,
            "authHeaders": [{"name": "X-Key", "secretRef": f"{ref}:x-key"}],
        }
    }
    version = await rest.get(f"/v1/agents/{agent['id']}/versions/newest")
    for text in (created.text, version.text):
        assert SECRET not in text
        assert "open-sesame" not in text


@on_sqlite
async def test_an_update_keeps_the_webhooks_it_does_not_name_and_null_removes_one(rest: httpx.AsyncClient) -> None:
    """AGT-1"""
    both = {"status": HOOK, "postCall": {"url": "https://example.com/done"}}
    agent = (await rest.post("/v1/agents", json={**NEW, "webhooks": both})).json()
    path = f"/v1/agents/{agent['id']}"
    changed = (await rest.patch(path, json={"webhooks": {"postCall": None}})).json()
    assert set(changed["webhooks"]) == {"status"}
    # What we show can be sent back: the secret header keeps its value.
    shown = changed["webhooks"]["status"]
    again = await rest.patch(path, json={"webhooks": {"status": {**shown, "timeoutMs": 2000}}})
    assert again.json()["webhooks"]["status"] == {**shown, "timeoutMs": 2000}
    assert (await rest.patch(path, json={"webhooks": None})).json()["webhooks"] is None


@on_sqlite
@pytest.mark.parametrize(
    ("webhook", "field"),
    [
        ({"url": "http://example.com"}, "webhooks.status.url"),
        ({"url": "https://169.254.169.254/latest"}, "webhooks.status.url"),
        ({**HOOK, "secret": "short"}, "webhooks.status.secret"),
        ({**HOOK, "authHeaders": [{"name": "X-New"}]}, "webhooks.status.authHeaders"),
        ({**HOOK, "headers": {"webhook-id": "1"}}, "webhooks.status.headers"),
        ({**HOOK, "headers": {"x-key": "1"}}, "webhooks.status.authHeaders"),
    ],
)
async def test_a_webhook_that_may_not_be_called_is_refused(
    rest: httpx.AsyncClient, webhook: dict[str, object], field: str
) -> None:
    """AGT-4"""
    answer = await rest.post("/v1/agents", json={**NEW, "webhooks": {"status": webhook}})
    assert answer.status_code == 400
    assert field in answer.json()["error"]


@on_sqlite
@pytest.mark.parametrize(
    "change",
    [
        {"extractionFields": [{"name": "mood", "type": "enum", "description": "How."}]},
        {"extractionFields": [{"name": "a b", "type": "string", "description": "How."}]},
        {"extractionFields": [{"name": "a", "type": "string", "description": "x"}] * 2},
        {"extractionFields": [{"name": f"f{n}", "type": "string", "description": "x" * 10_000} for n in range(5)]},
        {"promptVariables": [{"name": "system.time"}]},
        {"promptVariables": [{"name": "a"}, {"name": "a"}]},
        {"audioOutput": {"gainDb": 13}},
        {"sttOptions": {"prompt": "x" * 2001}},
        {"firstMessageMode": "sing"},
    ],
)
async def test_limits_of_the_settings_hold(rest: httpx.AsyncClient, change: dict[str, object]) -> None:
    """AGT-1"""
    answer = await rest.post("/v1/agents", json={**NEW, **change})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
