"""Text chat with an agent: one session, the tools of the agent, a transcript."""

import json

import httpx
import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant, add_tenant, rest_client
from tests.gateway.oneshot_door import JSON, events
from tests.gateway.pet_shop import PROMPT, PetShop, guide_deps, register, rest, shop, tenant

__all__ = ["guide_deps", "rest", "shop", "tenant"]


@pytest.fixture
async def path(rest: httpx.AsyncClient, tenant: Tenant) -> str:
    changed = {"systemPrompt": PROMPT, "firstMessage": "Welcome to the pet shop.", "firstMessageMode": "say"}
    assert (await rest.patch(f"/v1/agents/{tenant.agent_id}", json=changed)).status_code == 200
    return f"/v1/agents/{tenant.agent_id}/chat"


async def say(rest: httpx.AsyncClient, path: str, message: str, session_id: str | None = None) -> httpx.Response:
    body = {"message": message, **({"sessionId": session_id} if session_id else {})}
    return await rest.post(path, json=body, headers=JSON)


async def test_a_chat_uses_the_agents_tools_and_keeps_a_transcript(
    rest: httpx.AsyncClient, tenant: Tenant, shop: PetShop, path: str
) -> None:
    """SES-11: the first answer opens the session; the next message goes on in it."""
    await register(rest, tenant, shop)
    first = (await say(rest, path, "Can you look up the pet named Luna?")).json()
    assert first["firstMessage"] == "Welcome to the pet shop."
    assert "corgi" in first["text"]
    second = (await say(rest, path, "Can you look up the pet named Max?", first["sessionId"])).json()
    assert "tabby" in second["text"]
    assert "firstMessage" not in second
    assert shop.bodies == [{"name": "Luna"}, {"name": "Max"}]
    session = (await rest.get(f"/v1/sessions/{first['sessionId']}")).json()
    assert (session["kind"], session["status"]) == ("chat", "active")
    entries = (await rest.get(f"/v1/sessions/{first['sessionId']}/transcript")).json()["entries"]
    assert [(entry["index"], entry["source"]) for entry in entries] == [
        (0, "agent"), (1, "user"), (2, "agent"), (3, "user"), (4, "agent")
    ]  # fmt: skip
    assert entries[2]["text"] == first["text"]
    assert entries[2]["toolCalls"] == [{"name": "lookup_pet", "args": '{"name": "Luna"}'}]
    assert entries[2]["provider"] == "sandbox"


async def test_the_answer_streams_with_the_session_in_its_first_event(
    rest: httpx.AsyncClient, tenant: Tenant, shop: PetShop, path: str
) -> None:
    """SES-11: the same events as a completion."""
    await register(rest, tenant, shop)
    answer = await rest.post(path, json={"message": "Can you look up the pet named Luna?"})
    told = [(name, json.loads(data)) for name, data in events(answer.content)]
    assert [name for name, _ in told if name != "delta"] == [
        "meta", "server_tool_call", "server_tool_call", "meta", "done"
    ]  # fmt: skip
    assert told[0][1]["sessionId"] == told[-1][1]["sessionId"]
    assert told[-1][1]["text"] == "".join(data["text"] for name, data in told if name == "delta")


async def test_a_tool_can_end_the_chat(rest: httpx.AsyncClient, tenant: Tenant, path: str) -> None:
    """AGT-5, SES-11: after the goodbye nothing more is taken."""
    source = {"kind": "builtin", "name": "end_call"}
    tool = {"name": "end_call", "description": "End the call.", "parameters": {"type": "object"}, "source": source}
    assert (await rest.post(f"/v1/agents/{tenant.agent_id}/tools", json=tool)).status_code == 201
    ended = (await say(rest, path, "Goodbye!")).json()
    assert ended["actions"] == [{"type": "end_call", "reason": "end_call"}]
    session = (await rest.get(f"/v1/sessions/{ended['sessionId']}")).json()
    assert (session["status"], session["endReason"]) == ("ended", "agent")
    again = await say(rest, path, "One more thing", ended["sessionId"])
    assert (again.status_code, again.json()["code"]) == (409, "SESSION_ENDED")


async def test_a_chat_is_found_by_its_own_agent_and_organization_only(
    rest: httpx.AsyncClient, guide_deps: Deps, path: str
) -> None:
    """ORG-1: another agent's chat and another organization's agent do not exist."""
    session_id = (await say(rest, path, "Hello")).json()["sessionId"]
    other = {"name": "Other", "systemPrompt": "Hi.", "intent": {"language": "en"}}
    second = (await rest.post("/v1/agents", json=other)).json()["id"]
    wrong = await say(rest, f"/v1/agents/{second}/chat", "Hello", session_id)
    assert (wrong.status_code, wrong.json()["code"]) == (404, "SESSION_NOT_FOUND")
    stranger = await add_tenant(guide_deps, "Globex")
    async with rest_client(guide_deps, stranger.test_key) as theirs:
        assert (await say(theirs, path, "Hello", session_id)).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"message": " "}, {"message": "x" * 10_001}, {"message": "x", "sessionId": "s", "variables": {}}]
)
async def test_a_malformed_message_is_refused(rest: httpx.AsyncClient, path: str, body: dict[str, object]) -> None:
    """ORG-10"""
    answer = await rest.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
