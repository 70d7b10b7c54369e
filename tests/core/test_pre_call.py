"""What an answer before the call does to the plan that the worker gets, entered by the worker's claim."""

from collections.abc import AsyncIterator

import httpx
import pytest

from speko_core.deps import Deps
from speko_core.sessions.plan import SessionPlan
from speko_core.sessions.signing import verify_plan
from tests.conftest import Tenant
from tests.core.sessions_kit import claim, create, running, status
from tests.core.webhook_kit import World, opened_world

HOOK, OWN = "https://hooks.example.com/a", "https://agent.example.com/own"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def world(deps: Deps, tenant: Tenant) -> AsyncIterator[World]:
    async with opened_world(deps, tenant) as opened:
        await opened.rest.patch(f"/v1/agents/{tenant.agent_id}", json={"webhooks": {"preCall": {"url": OWN}}})
        yield opened


async def test_the_worker_gets_the_call_as_the_answer_changed_it(world: World) -> None:
    """TEL-4: what is valid counts, the rest is left out, the owner sees the plan that ran, and asking comes first."""
    await world.listen(HOOK, "call.status", "call.pre_call")
    answer = {
        "systemPrompt": "The caller is Maya.", "firstMessage": "Hi {{name}}", "voice": "alto",
        "llm": {"temperature": 9},
        "intent": {"optimizeFor": "cost"}, "constraints": {"allowedProviders": {"stt": ["nobody-knows"]}},
        "ttsOptions": {"speed": 1.5}, "sttOptions": {"keywords": ["Acme"]}, "textReplacements": {"SQL": "sequel"},
        "idleReprompt": {"afterSeconds": 5, "prompts": ["Still there?"]}, "metadata": {"plan": "gold"}, "mode": "s2s",
        "tools": [],
    }  # fmt: skip
    world.endpoints.answers[OWN] = [httpx.Response(200, json=answer)]
    async with running(world.deps, world.rest, world.tenant.agent_id, metadata={"customer": "42"}) as session:
        plan = SessionPlan.model_validate(session.plan)
        shown = await status(world.rest, session.id)
    assert (plan.system_prompt, plan.voice) == ("The caller is Maya.", "alto")
    assert (plan.first_message, plan.first_message_mode) == ("Hi {{name}}", "say")
    assert (plan.temperature, plan.models.stt, plan.intent.optimize_for) == (None, (), "cost")
    assert (plan.tts_speed, plan.stt_keywords, plan.pronunciations["SQL"]) == (1.5, ("Acme",), "sequel")
    assert (plan.idle.after_s, plan.idle.prompts) == (5, ("Still there?",))
    assert plan.metadata == shown["metadata"] == {"customer": "42", "plan": "gold"}
    assert shown["plan"] == session.plan
    [asked] = world.endpoints.bodies(OWN)
    assert (asked["call_id"], asked["direction"], asked["metadata"]) == (session.id, None, {"customer": "42"})
    assert asked["pipeline_config"]["systemPrompt"]
    await world.work()
    assert [body["type"] for body in world.endpoints.bodies(HOOK)] == ["call.pre_call", "call.status"]


@pytest.mark.parametrize("answer", [500, httpx.ReadTimeout("x"), httpx.Response(200, json={"voice": "x\0"})])
async def test_a_call_begins_whatever_was_answered_before_it(
    world: World, answer: int | httpx.Response | Exception
) -> None:
    """TEL-4: and the plan the worker gets carries a signature that holds."""
    created = await create(world.rest, world.tenant.agent_id)
    before = (await status(world.rest, created["sessionId"]))["plan"]
    world.endpoints.answers[OWN] = [answer]
    claimed = await claim(world.deps, created["sessionId"])
    assert (claimed.status_code, claimed.json()["plan"]) == (200, before)
    text = SessionPlan.model_validate(before).model_dump_json(by_alias=True)
    assert verify_plan(world.deps.secrets, text, claimed.json()["signature"]).session_id == created["sessionId"]
    assert len(world.endpoints.received[OWN]) == 1
    again = await claim(world.deps, created["sessionId"], "worker-test-2")
    assert (again.status_code, again.json()["code"]) == (409, "SESSION_ALREADY_CLAIMED")
    assert len(world.endpoints.received[OWN]) == 1
