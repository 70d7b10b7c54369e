"""What webhooks hear of calls: from the session's own transitions, through agents' own webhooks, and before a call."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from speko_core.deps import Deps
from speko_core.webhooks.pre_call import pre_call
from tests.conftest import Tenant
from tests.core.sessions_kit import create, running, turn
from tests.core.webhook_kit import World, opened_world

HOOK, OWN = "https://hooks.example.com/a", "https://agent.example.com/own"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CALL = "00000000-0000-0000-0000-000000000001"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def world(deps: Deps, tenant: Tenant) -> AsyncIterator[World]:
    async with opened_world(deps, tenant) as opened:
        yield opened


async def webhooks(world: World, **own: object) -> None:
    answer = await world.rest.patch(f"/v1/agents/{world.tenant.agent_id}", json={"webhooks": own})
    assert answer.status_code == 200, answer.text


async def test_a_call_is_told_from_its_beginning_to_its_report(world: World) -> None:
    """TEL-4: `call.status` twice and `call.report`, in order, with what was said."""
    await world.listen(HOOK, "call.status", "call.report", filterTags={"team": "sales"})
    about = {"webhookTags": {"team": "sales"}, "metadata": {"customer": "42"}}
    async with running(world.deps, world.rest, world.tenant.agent_id, **about) as session:
        await session.post_turns(turn(0, "hello"), turn(1, "good morning", source="agent"))
        world.clock.advance(5)
        await session.finish("ended", "user")
        await session.finish("ended", "user")
    await world.work()
    began, ended, report = world.endpoints.bodies(HOOK)
    assert (began["event_type"], began["status"], ended["event_type"], ended["status"]) == (
        "call.answered", "active", "call.hangup", "ended",
    )  # fmt: skip
    assert (report["type"], report["outcome"], report["metadata"]) == ("call.report", "completed", {"customer": "42"})
    assert [entry["text"] for entry in report["transcript"]["entries"]] == ["hello", "good morning"]
    assert {body["call_id"] for body in (began, ended, report)} == {session.id}
    assert (report["cost_micro_usd"], report["analysis_status"], report["duration_seconds"]) == ("0", "heuristic", 5)
    [delivery, *_] = await world.deliveries()
    assert (delivery["webhookTags"], delivery["sessionId"]) == ({"team": "sales"}, session.id)


async def test_a_failed_call_says_why_and_one_nobody_joined_has_no_report(world: World) -> None:
    """TEL-4"""
    await world.listen(HOOK, "call.status", "call.report")
    async with running(world.deps, world.rest, world.tenant.agent_id) as session:
        await session.finish("failed", "provider_failed", error="ALL_PROVIDERS_FAILED")
    unjoined = await create(world.rest, world.tenant.agent_id)
    await world.rest.post(f"/v1/sessions/{unjoined['sessionId']}/end")
    await world.work()
    told = [(body["type"], body["status"], body.get("failure_cause")) for body in world.endpoints.bodies(HOOK)]
    assert sorted(told, key=str) == sorted(
        [
            ("call.status", "active", None),
            ("call.status", "failed", "ALL_PROVIDERS_FAILED"),
            ("call.report", "failed", "ALL_PROVIDERS_FAILED"),
            ("call.status", "ended", None),
        ],
        key=str,
    )


async def test_an_agents_own_webhooks_hear_of_its_calls(world: World) -> None:
    """TEL-4: signed with their own secret where they have one, else with the organization's."""
    organization_secret = (await world.rest.post("/v1/organization/webhook-secret/rotate", json={})).json()["secret"]
    secret_header = {"name": "X-Token", "value": "hush"}
    await webhooks(
        world,
        status={"url": f"{OWN}/status"},
        postCall={"url": f"{OWN}/report", "secret": SECRET, "authHeaders": [secret_header], "headers": {"x-b": "2"}},
    )
    field = {"name": "intent", "type": "string", "description": "Why they called."}
    await world.rest.patch(f"/v1/agents/{world.tenant.agent_id}", json={"extractionFields": [field]})
    await world.listen(HOOK, extractionFields=[{**field, "name": "size"}])
    async with running(world.deps, world.rest, world.tenant.agent_id) as session:
        await session.finish("ended", "user")
    await world.work()
    status, report = world.endpoints.received[f"{OWN}/status"], world.endpoints.received[f"{OWN}/report"]
    assert (len(status), len(report)) == (2, 1)
    Webhook(organization_secret).verify(status[0].content, dict(status[0].headers))
    Webhook(SECRET).verify(report[0].content, dict(report[0].headers))
    assert (report[0].headers["x-token"], report[0].headers["x-b"]) == ("hush", "2")
    assert json.loads(report[0].content)["custom_data"] == {"intent": None}
    assert world.endpoints.bodies(HOOK)[0]["custom_data"] == {"intent": None, "size": None}
    rows = await world.deliveries(agentId=world.tenant.agent_id)
    rows = [row for row in rows if row["endpointName"].startswith("Default: ")]
    assert {row["endpointId"].partition(":")[2] for row in rows} == {"status", "postCall"}
    assert all(row["canRedeliver"] and not row["endpointDeleted"] for row in rows)


async def test_an_agents_removed_webhook_gets_nothing_more(world: World) -> None:
    """TEL-4: what waits for it is cancelled."""
    await webhooks(world, postCall={"url": OWN})
    world.endpoints.always[OWN] = 500
    await world.emit(agent_id=world.tenant.agent_id)
    await world.work()
    await webhooks(world, postCall=None)
    await world.work(60)
    assert len(world.endpoints.received[OWN]) == 1
    [row] = await world.deliveries()
    assert (row["status"], row["endpointDeleted"], row["canRedeliver"]) == ("cancelled", True, False)


async def ask(world: World, **about: object) -> dict[str, object]:
    return dict(
        await pre_call(
            world.deps, world.tenant.organization_id, {"call_id": CALL}, session_id=CALL, agent_id=world.tenant.agent_id
        )
    )


async def test_what_is_asked_before_a_call_may_change_it(world: World) -> None:
    """TEL-4: the agent's own answer counts before the organization's; only known overrides pass."""
    await world.listen(HOOK, "call.pre_call")
    await webhooks(world, preCall={"url": OWN})
    own = {"pipelineConfig": {"voice": "a", "firstMessage": "nested"}, "firstMessage": "Hi Maya", "organizationId": "x"}
    world.endpoints.answers[OWN] = [httpx.Response(200, json=own)]
    world.endpoints.answers[HOOK] = [httpx.Response(200, json={"voice": "b"})]
    assert await ask(world) == {"voice": "a", "firstMessage": "Hi Maya"}
    await world.work(600)
    assert (len(world.endpoints.received[OWN]), len(world.endpoints.received[HOOK])) == (1, 1)
    assert await world.statuses() == ["succeeded", "succeeded"]
    assert json.loads(world.endpoints.received[OWN][0].content)["type"] == "call.pre_call"


@pytest.mark.parametrize(
    "answer", [500, httpx.ReadTimeout("x"), httpx.Response(200, text="no json"), httpx.Response(200, json=[1])]
)
async def test_a_call_goes_on_whatever_the_answer_before_it(
    world: World, answer: int | httpx.Response | Exception
) -> None:
    """TEL-4: another endpoint's answer counts then; nothing is tried again."""
    await webhooks(world, preCall={"url": OWN})
    world.endpoints.answers[OWN] = [answer]
    assert await ask(world) == {}
    await world.listen(HOOK, "call.pre_call")
    world.endpoints.answers[OWN] = [answer]
    world.endpoints.answers[HOOK] = [httpx.Response(200, json={"pipeline_config": {"voice": "b"}})]
    assert await ask(world) == {"voice": "b"}
    await world.work(600)
    assert len(world.endpoints.received[OWN]) == 2
