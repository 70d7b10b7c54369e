"""A call in which the agent uses a tool and then hangs up: gateway, worker and endpoint as they are run."""

import httpx
import pytest

from tests.e2e.running_product import Product
from tests.gateway.pet_shop import LOOKUP_PET, PROMPT, SECRET, pet_shop
from tests.worker.caller import calling
from tests.worker.conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]
END_CALL = {
    "name": "end_call",
    "description": "End the call.",
    "parameters": {"type": "object"},
    "source": {"kind": "builtin", "name": "end_call"},
}


async def test_an_agent_looks_up_a_pet_in_a_call_and_hangs_up(product: Product) -> None:
    """AGT-3, AGT-5, SES-8: registered over HTTP, called by the model, verified by its owner, said, recorded."""
    async with (
        pet_shop() as shop,
        httpx.AsyncClient(
            base_url=product.base_url, headers={"Authorization": f"Bearer {product.links['test_key']}"}, timeout=30
        ) as rest,
    ):
        agent = {"name": "Pet shop", "systemPrompt": PROMPT, "intent": {"language": "en-US"}}
        agent_id = (await rest.post("/v1/agents", json=agent)).json()["id"]
        webhook = {**LOOKUP_PET, "source": {"kind": "webhook", "url": shop.url, "secret": SECRET}}
        for tool in (webhook, END_CALL):
            made = await rest.post(f"/v1/agents/{agent_id}/tools", json=tool)
            assert made.status_code == 201, made.text
        session = (await rest.post("/v1/sessions", json={"agentId": agent_id})).json()
        async with calling(session["transportUrl"], session["transportToken"]) as caller:
            await until(lambda: bool(caller.of("ready")), 20)
            await caller.type("Can you look up the pet named Luna?")
            await until(lambda: any("corgi" in str(text) for _, text in caller.said), 20)
            await caller.type("Goodbye!")
            await until(lambda: caller.close_code is not None, 20)
        assert shop.bodies == [{"name": "Luna"}]
        assert caller.of("end") == [{"type": "end", "reason": "agent"}]
        entries = (await rest.get(f"/v1/sessions/{session['sessionId']}/transcript")).json()["entries"]
        assert [entry["source"] for entry in entries] == ["user", "agent", "user", "agent"]
        assert "corgi" in entries[1]["text"]
        made = [[(call["name"], call["args"]) for call in entry["toolCalls"]] for entry in entries]
        assert made == [[], [("lookup_pet", '{"name": "Luna"}')], [], [("end_call", "{}")]]


async def test_an_asynchronous_tool_is_called_by_the_job_role(product: Product) -> None:
    """AGT-3, OPS-2: the answer does not wait; the engine makes the call."""
    async with (
        pet_shop() as shop,
        httpx.AsyncClient(
            base_url=product.base_url, headers={"Authorization": f"Bearer {product.links['test_key']}"}, timeout=30
        ) as rest,
    ):
        agent = {"name": "Slow pet shop", "systemPrompt": PROMPT, "intent": {"language": "en-US"}}
        agent_id = (await rest.post("/v1/agents", json=agent)).json()["id"]
        later = {"responseMode": "async", "asyncAck": "I asked the shop."}
        webhook = {**LOOKUP_PET, "source": {"kind": "webhook", "url": shop.url, "secret": SECRET, **later}}
        assert (await rest.post(f"/v1/agents/{agent_id}/tools", json=webhook)).status_code == 201
        asked = {"message": "Can you look up the pet named Luna?"}
        answer = await rest.post(f"/v1/agents/{agent_id}/chat", json=asked, headers={"Accept": "application/json"})
        assert "I asked the shop" in answer.json()["text"]
        await until(lambda: shop.bodies == [{"name": "Luna"}], 30)
