"""Sessions and versions: what a new one starts from, and that a running one keeps it."""

import asyncio
from typing import Any

import httpx

from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite, rest_client
from tests.core.sessions_kit import create, running

PLAIN = {"systemPrompt": "First prompt.", "intent": {"language": "en-US"}, "firstMessage": "Hello."}


async def _agent(rest: httpx.AsyncClient, **fields: object) -> str:
    answer = await rest.post("/v1/agents", json={**PLAIN, "name": "Pinned", **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _change(rest: httpx.AsyncClient, agent_id: str, prompt: str) -> None:
    assert (await rest.patch(f"/v1/agents/{agent_id}", json={"systemPrompt": prompt})).status_code == 200


async def _session(rest: httpx.AsyncClient, agent_id: str, **fields: object) -> dict[str, Any]:
    made = await create(rest, agent_id, **fields)
    shown: dict[str, Any] = (await rest.get(f"/v1/sessions/{made['sessionId']}")).json()
    return shown


async def test_a_running_session_keeps_its_version_whatever_happens_to_the_agent(
    deps: Deps, rest: httpx.AsyncClient
) -> None:
    """AGT-7, SES-12"""
    agent_id = await _agent(rest)
    async with running(deps, rest, agent_id) as session:
        await _change(rest, agent_id, "Second prompt.")
        await rest.post(f"/v1/agents/{agent_id}/deploy", json={})
        shown = (await rest.get(f"/v1/sessions/{session.id}")).json()
        assert (session.plan["agentVersion"], session.plan["systemPrompt"]) == (1, "First prompt.")
        assert (shown["agentVersion"], shown["environment"]) == (1, "production")
        assert shown["plan"]["systemPrompt"] == "First prompt."
        await rest.delete(f"/v1/agents/{agent_id}")
        assert (await rest.get(f"/v1/sessions/{session.id}")).json()["agentVersion"] == 1


async def test_the_newest_version_serves_until_something_is_deployed_and_then_that(
    rest: httpx.AsyncClient,
) -> None:
    """AGT-7"""
    agent_id = await _agent(rest)
    await _change(rest, agent_id, "Second prompt.")
    assert (await _session(rest, agent_id))["agentVersion"] == 2
    await rest.post(f"/v1/agents/{agent_id}/deploy", json={"version": 1})
    assert (await _session(rest, agent_id))["agentVersion"] == 1
    assert (await _session(rest, agent_id, environment="staging"))["agentVersion"] == 2
    await _change(rest, agent_id, "Third prompt.")
    live = await _session(rest, agent_id)
    assert (live["agentVersion"], live["plan"]["systemPrompt"]) == (1, "First prompt.")
    await rest.post(f"/v1/agents/{agent_id}/deploy", json={})
    assert (await _session(rest, agent_id))["agentVersion"] == 3
    await rest.post(f"/v1/agents/{agent_id}/rollback", json={})
    assert (await _session(rest, agent_id))["agentVersion"] == 1


async def test_an_environment_of_ones_own_serves_once_something_is_deployed_to_it(rest: httpx.AsyncClient) -> None:
    """AGT-7"""
    agent_id = await _agent(rest)
    refused = await rest.post("/v1/sessions", json={"agentId": agent_id, "environment": "canary"})
    assert (refused.status_code, refused.json()["code"]) == (404, "ENVIRONMENT_NOT_FOUND")
    await rest.post(f"/v1/agents/{agent_id}/deploy", json={"environment": "canary"})
    assert (await _session(rest, agent_id, environment="canary"))["environment"] == "canary"


@on_sqlite
async def test_only_test_keys_get_the_draft(deps: Deps, rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """AGT-7"""
    agent_id = await _agent(rest)
    await rest.post(f"/v1/agents/{agent_id}/deploy", json={})
    await _change(rest, agent_id, "Second prompt.")
    refused = await rest.post("/v1/sessions", json={"agentId": agent_id, "environment": "draft"})
    assert refused.status_code == 400
    async with rest_client(deps, tenant.test_key) as test:
        assert (await _session(test, agent_id, environment="draft"))["agentVersion"] == 2
        assert (await _session(test, agent_id))["agentVersion"] == 1


async def test_a_session_carries_the_tools_of_its_version(rest: httpx.AsyncClient) -> None:
    """AGT-7"""
    agent_id = await _agent(rest)
    tool = {
        "name": "lookup_pet",
        "description": "Find a pet.",
        "parameters": {"type": "object", "properties": {}},
        "source": {"kind": "inline"},
    }
    assert (await rest.post(f"/v1/agents/{agent_id}/tools", json=tool)).status_code in (200, 201)
    await rest.post(f"/v1/agents/{agent_id}/deploy", json={"version": 1})
    assert (await _session(rest, agent_id))["plan"]["tools"] == {}
    changed = (await rest.post(f"/v1/agents/{agent_id}/deploy", json={})).json()["changes"]
    assert [change["path"] for change in changed] == ["/tools/lookup_pet"]
    assert (await _session(rest, agent_id))["plan"]["tools"]["lookup_pet"]["description"] == "Find a pet."


async def test_deploys_and_sessions_at_once_never_mix_versions(rest: httpx.AsyncClient) -> None:
    """AGT-7: a session has one version, prompt and number from the same one."""
    agent_id = await _agent(rest, systemPrompt="Prompt 1")
    for number in range(2, 6):
        await _change(rest, agent_id, f"Prompt {number}")

    async def deploy(number: int) -> None:
        await rest.post(f"/v1/agents/{agent_id}/deploy", json={"version": number})

    deploys = asyncio.gather(*(deploy(number) for number in range(1, 6)))
    sessions = await asyncio.gather(*(_session(rest, agent_id) for _ in range(20)))
    await deploys
    for shown in sessions:
        assert shown["plan"]["systemPrompt"] == f"Prompt {shown['agentVersion']}"


@on_sqlite
async def test_the_fields_of_the_agent_win_over_those_of_its_post_call_webhook(rest: httpx.AsyncClient) -> None:
    """AGT-1"""

    def text(name: str, description: str) -> dict[str, str]:
        return {"name": name, "type": "string", "description": description}

    post_call = {"url": "https://example.com", "extractionFields": [text("city", "old"), text("mood", "hook")]}
    agent_id = await _agent(rest, extractionFields=[text("city", "own")], webhooks={"postCall": post_call})
    fields = (await _session(rest, agent_id))["plan"]["extractionFields"]
    assert {field["name"]: field["description"] for field in fields} == {"city": "own", "mood": "hook"}


REGISTRY = [
    {"name": "customer.name"},
    {"name": "plan", "defaultValue": "basic"},
]
TEMPLATE = "Help {{ customer.name }} on {{ plan }}, {{ tone | default: 'kindly' }}. {{ system.agent_name }}."


@on_sqlite
async def test_variables_come_from_the_call_then_the_agent_then_the_template(rest: httpx.AsyncClient) -> None:
    """AGT-1"""
    agent_id = await _agent(
        rest, systemPrompt=TEMPLATE, firstMessage="Hi {{ customer.name }}!", promptVariables=REGISTRY
    )
    plan = (await _session(rest, agent_id, variables={"customer.name": "Ada"}))["plan"]
    assert plan["systemPrompt"] == "Help Ada on basic, kindly. Pinned."
    assert plan["firstMessage"] == "Hi Ada!"
    given = {"customer.name": "<b>", "plan": "pro", "tone": "{{ plan }}"}
    assert (await _session(rest, agent_id, variables=given))["plan"]["systemPrompt"] == (
        "Help <b> on pro, {{ plan }}. Pinned."
    )


@on_sqlite
async def test_missing_variables_are_all_named(rest: httpx.AsyncClient) -> None:
    """AGT-1"""
    agent_id = await _agent(rest, systemPrompt="{{ a }} {{ b.c }} {% if d %}{{ d }}{% endif %}")
    refused = await rest.post("/v1/sessions", json={"agentId": agent_id, "variables": {"z": "1"}})
    assert (refused.status_code, refused.json()["code"]) == (400, "MISSING_TEMPLATE_VARIABLES")
    assert refused.json()["error"] == "Missing template variables: a, b.c"


@on_sqlite
async def test_braces_stay_as_written_where_nobody_asked_for_variables(rest: httpx.AsyncClient) -> None:
    """AGT-1"""
    agent_id = await _agent(rest, systemPrompt="Say {{ this }} literally {% ok %}.")
    assert (await _session(rest, agent_id))["plan"]["systemPrompt"] == "Say {{ this }} literally {% ok %}."


HARMFUL: list[tuple[dict[str, str], str]] = [
    ({"system.time": "now"}, "Hi"),
    ({"system": "now"}, "Hi"),
    ({"a b": "x"}, "Hi"),
    ({"a": "x" * 4001}, "Hi"),
    ({"a": "x", "a.b": "y"}, "Hi {{ a.b }}"),
    ({}, "{% for i in (1..9999999) %}x{% endfor %}"),
    ({}, "{% include 'secrets' %}"),
    ({"a": "x" * 4000}, "{% assign b = a %}" + "{% assign b = b | append: b %}" * 40),
    ({}, "{{ 'x' | unknown }}"),
    ({}, "{{"),
]


@on_sqlite
async def test_variables_and_templates_that_could_do_harm_are_refused(rest: httpx.AsyncClient) -> None:
    """AGT-1"""
    for variables, prompt in HARMFUL:
        body = {"intent": {"language": "en"}, "systemPrompt": prompt, "variables": variables}
        refused = await rest.post("/v1/sessions", json=body)
        assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_ERROR"), prompt


@on_sqlite
async def test_turn_handling_reaches_the_plan(rest: httpx.AsyncClient) -> None:
    """SES-1"""
    agent_id = await _agent(rest)
    asked = {"profile": "ivr", "endpointing": {"minDelay": 0.8}, "greetFirst": False, "vad": {"provider": "silero"}}
    shown = (await _session(rest, agent_id, turnHandling=asked, webhookTags={"tier": "gold"}))["plan"]
    assert shown["turnTaking"]["minEndpointingS"] == 0.8
    assert shown["turnTaking"]["maxEndpointingS"] == 4.0
    assert shown["firstMessageMode"] == "wait"
    alone = {"endpointing": {"minDelay": 4}, "interruption": {"minWords": 2}}
    taking = (await _session(rest, agent_id, turnHandling=alone))["plan"]["turnTaking"]
    assert (taking["maxEndpointingS"], taking["interruptionMinWords"]) == (4.0, 2)
    assert shown["webhookTags"] == {"tier": "gold"}
    greeted = {"turnHandling": {"greetFirst": True}, "firstMessage": ""}
    assert (await _session(rest, agent_id, **greeted))["plan"]["firstMessageMode"] == "generate"


IMPOSSIBLE: list[tuple[dict[str, object], str]] = [
    ({"vad": {"provider": "ai-coustics"}}, "vad.provider"),
    ({"noiseCancellation": {"enabled": True}}, "noiseCancellation.enabled"),
    ({"interruption": {"mode": "adaptive"}}, "interruption.mode"),
    ({"turnDetection": "stt"}, "turnDetection"),
    ({"endpointing": {"minDelay": 5, "maxDelay": 1}}, "endpointing.maxDelay"),
]


@on_sqlite
async def test_turn_handling_that_cannot_be_done_is_refused(rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """SES-1"""
    for asked, field in IMPOSSIBLE:
        refused = await rest.post("/v1/sessions", json={"agentId": tenant.agent_id, "turnHandling": asked})
        assert refused.status_code == 400
        assert f"turnHandling.{field}" in refused.json()["error"]
