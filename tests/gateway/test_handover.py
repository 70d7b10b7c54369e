"""AGT-9: one agent hands the conversation to another, in a completion, in a chat, and in a session's frozen plan."""

import json
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from speko_core.deps import Deps
from speko_core.handover import MOST_IN_A_ROW
from speko_core.providers.base import LlmRequest, LlmUsage, TextDelta, ToolCall
from tests.conftest import Tenant, add_tenant, rest_client
from tests.core.sessions_kit import running, turn
from tests.fakes.scripted_providers import Calls
from tests.fakes.scripted_providers import cast as cast_of
from tests.gateway.oneshot_door import JSON, events
from tests.gateway.pet_shop import guide_deps, rest, tenant

__all__ = ["guide_deps", "rest", "tenant"]

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "handover.md"
FIXTURES = TESTS / "core" / "migration" / "fixtures"
USAGE = LlmUsage(10, 2)
BILLING = {"name": "Billing", "systemPrompt": "You settle bills.", "intent": {"language": "en"}}


def said(text: str) -> tuple[object, ...]:
    return (TextDelta(text), USAGE)


def hands(agent: str, before: str = "", summary: str = "Wants a refund.") -> tuple[object, ...]:
    call = ToolCall("c1", "transfer_to_agent", json.dumps({"agent": agent, "summary": summary}))
    return (*([TextDelta(before)] if before else []), call, USAGE)


def tool(*agents: dict[str, object]) -> dict[str, Any]:
    return {
        "name": "transfer_to_agent",
        "description": "Hand over what is not yours.",
        "parameters": {"type": "object"},
        "source": {"kind": "builtin", "name": "transfer_to_agent", "config": {"agents": list(agents)}},
    }


class Team:
    """A receptionist and a billing agent that know each other, over a scripted model."""

    def __init__(self, deps: Deps, tenant: Tenant, billing: str) -> None:
        self.deps, self.tenant, self.billing = deps, tenant, billing
        self.http = rest_client(deps, tenant.key)
        self.model = cast_of(acme=Calls())

    async def speaks(self, *script: tuple[object, ...]) -> None:
        self.model = cast_of(acme=Calls(script))
        await self.http.aclose()
        self.http = rest_client(replace(self.deps, providers=self.model.registry), self.tenant.key)

    @property
    def asked(self) -> list[LlmRequest]:
        return cast(list[LlmRequest], self.model.scripts["acme"].requests)

    async def chat(self, message: str, session_id: str | None = None) -> dict[str, Any]:
        body = {"message": message, **({"sessionId": session_id} if session_id else {})}
        answer = await self.http.post(f"/v1/agents/{self.tenant.agent_id}/chat", json=body, headers=JSON)
        assert answer.status_code == 200, answer.text
        return cast(dict[str, Any], answer.json())

    async def turns(self, session_id: str) -> list[tuple[str, str | None, str]]:
        entries = (await self.http.get(f"/v1/sessions/{session_id}/transcript")).json()["entries"]
        return [(entry["source"], entry["agentId"], entry["text"]) for entry in entries]


@pytest.fixture
async def team(rest: httpx.AsyncClient, guide_deps: Deps, tenant: Tenant) -> AsyncIterator[Team]:
    billing = (await rest.post("/v1/agents", json=BILLING)).json()["id"]
    linked = {"agentId": billing, "name": "billing", "description": "Bills and refunds.", "message": "One moment."}
    made = await rest.post(f"/v1/agents/{tenant.agent_id}/tools", json=tool(linked))
    assert made.status_code == 201, made.text
    back = tool({"agentId": tenant.agent_id, "name": "reception"})
    assert (await rest.post(f"/v1/agents/{billing}/tools", json=back)).status_code == 201
    team = Team(guide_deps, tenant, billing)
    yield team
    await team.http.aclose()


async def test_a_chat_goes_on_with_the_agent_it_was_handed_to(team: Team) -> None:
    """AGT-9: prompt and tools change, what was said stays, and each turn names who spoke, in later messages too."""
    await team.speaks(hands("billing", "I see."), said("I refund it."), said("By Monday."))
    first = await team.chat("I was charged twice")
    assert first["text"] == "I see. One moment. I refund it."
    again = await team.chat("When?", first["sessionId"])
    assert again["text"] == "By Monday."
    reception = team.tenant.agent_id
    assert [turn for turn in await team.turns(first["sessionId"]) if turn[0] == "agent"][-3:] == [
        ("agent", reception, "I see. One moment."),
        ("agent", team.billing, "I refund it."),
        ("agent", team.billing, "By Monday."),
    ]
    offered, taken, later = team.asked
    assert [one.name for one in offered.tools] == ["transfer_to_agent"]
    assert offered.tools[0].parameters["properties"]["agent"]["enum"] == ["billing"]  # type: ignore[index,call-overload]
    assert (taken.system_prompt, later.system_prompt) == ("You settle bills.", "You settle bills.")
    assert taken.tools[0].parameters["properties"]["agent"]["enum"] == ["reception"]  # type: ignore[index,call-overload]
    assert [m.content for m in taken.messages if m.role == "user"] == ["I was charged twice"]
    assert "Wants a refund." in taken.messages[-1].content
    assert [m.content for m in later.messages if m.role == "user"] == ["I was charged twice", "When?"]


async def test_agents_that_pass_the_person_round_have_to_answer_in_the_end(team: Team) -> None:
    """AGT-9: a circle of handovers is cut, and the last agent has no tool to hand over with."""
    there, back = hands("billing"), hands("reception")
    await team.speaks(there, back, there, said("So be it."))
    answer = await team.chat("Who is in charge?")
    assert answer["text"].endswith("So be it.")
    assert len(answer["actions"]) == MOST_IN_A_ROW == 3
    assert [bool(request.tools) for request in team.asked] == [True, True, True, False]


async def test_the_stream_says_who_speaks(team: Team) -> None:
    """AGT-9: the `meta` of the next hop names the agent."""
    await team.speaks(hands("billing"), said("I refund it."))
    answer = await team.http.post(f"/v1/agents/{team.tenant.agent_id}/chat", json={"message": "Charged twice"})
    metas = [json.loads(data) for name, data in events(answer.content) if name == "meta"]
    assert [meta.get("agentId") for meta in metas] == [None, team.billing]


async def test_the_next_agent_sees_as_much_as_the_handover_lets_it(team: Team, rest: httpx.AsyncClient) -> None:
    """AGT-9: `contextMessages` holds at the handover and in every later message."""
    tools = (await rest.get(f"/v1/agents/{team.tenant.agent_id}/tools")).json()
    limited = tool({"agentId": team.billing, "name": "billing", "contextMessages": 1})["source"]
    path = f"/v1/agents/{team.tenant.agent_id}/tools/{tools[0]['id']}"
    assert (await rest.patch(path, json={"source": limited})).status_code == 200
    await team.speaks(said("Hello."), hands("billing"), said("I refund it."), said("By Monday."))
    session_id = (await team.chat("Hi there"))["sessionId"]
    await team.chat("I was charged twice", session_id)
    await team.chat("When?", session_id)
    assert [m.content for m in team.asked[2].messages[:-1]] == ["I was charged twice"]
    assert [m.content for m in team.asked[3].messages] == ["I was charged twice", "I refund it.", "When?"]


async def test_a_completion_outside_sessions_goes_on_under_the_other_agent(team: Team) -> None:
    """AGT-9: the caller's system messages give way, the tools that the caller runs itself stay."""
    await team.speaks(hands("billing"), said("I refund it."))
    inline = {"name": "open_door", "description": "Opens.", "parameters": {"type": "object"}}
    handing = {
        **tool({"agentId": team.billing, "name": "billing", "message": "One moment."}),
        "executionMode": "builtin",
    }
    body = {
        "messages": [{"role": "system", "content": "You greet."}, {"role": "user", "content": "Charged twice"}],
        "intent": {"language": "en"},
        "tools": [handing, inline],
    }
    answer = (await team.http.post("/v1/complete", json=body, headers=JSON)).json()
    assert answer["text"] == "One moment. I refund it."
    told = {"agentId": team.billing, "agentName": "Billing", "message": "One moment."}
    assert answer["actions"][0] | {"note": ""} == {"type": "transfer_to_agent", "note": "", **told}
    taken = team.asked[1]
    assert taken.system_prompt == "You settle bills."
    assert "You greet." not in [message.content for message in taken.messages]
    assert [one.name for one in taken.tools] == ["open_door", "transfer_to_agent"]


async def test_the_command_of_the_page_links_two_agents(team: Team, rest: httpx.AsyncClient) -> None:
    """AGT-9: docs/handover.md."""
    (command,) = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)
    words = shlex.split(command.replace("\\\n", " ").replace("'\"$SPEKO_BILLING_AGENT_ID\"'", team.tenant.agent_id))
    made = await rest.post(f"/v1/agents/{team.billing}/tools", json=json.loads(words[-1]) | {"name": "hand_on"})
    assert made.status_code == 201, made.text


async def test_a_migrated_squad_hands_over_as_it_did(team: Team, rest: httpx.AsyncClient) -> None:
    """MIG-3, AGT-9: what `apply` linked takes over in a chat, with its own tools."""
    files = [{"path": "squad.json", "content": (FIXTURES / "vapi_squad.json").read_text()}]
    body = {"files": files, "graph": "linked", "providers": "any"}
    applied = (await rest.post("/v1/migration/apply", json=body)).json()["applied"][0]
    await team.speaks(hands("booking"), said("Let us find a day."))
    path = f"/v1/agents/{applied['agents'][0]['agent_id']}/chat"
    answer = (await team.http.post(path, json={"message": "I need an appointment"}, headers=JSON)).json()
    assert answer["text"] == "Let us find a day."
    assert "Book an appointment." in (team.asked[1].system_prompt or "")
    assert [one.name for one in team.asked[1].tools] == ["book"]


async def test_a_session_freezes_every_agent_that_can_come_to_speak(team: Team, rest: httpx.AsyncClient) -> None:
    """SES-12: a change of the other agent does not reach a session that exists."""
    created = (await rest.post("/v1/sessions", json={"agentId": team.tenant.agent_id})).json()
    await rest.patch(f"/v1/agents/{team.billing}", json={"systemPrompt": "Changed."})
    linked = (await rest.get(f"/v1/sessions/{created['sessionId']}")).json()["plan"]["linked"]
    assert list(linked) == [team.billing]
    assert linked[team.billing]["systemPrompt"] == "You settle bills."
    assert list(linked[team.billing]["tools"]) == ["transfer_to_agent"]


async def test_a_voice_session_is_told_to_go_on_by_its_worker(team: Team) -> None:
    """AGT-9: within a voice session a handover ends the answer; the worker asks anew, and says which agent speaks."""
    await team.speaks(hands("billing"), said("I refund it."))
    deps = replace(team.deps, providers=team.model.registry)
    asking = {"messages": [{"role": "user", "content": "Charged twice"}], "intent": {"language": "en"}}
    async with running(deps, team.http, team.tenant.agent_id) as call:
        first = (await call.client.post("/v1/complete", json=asking, headers=JSON)).json()
        assert first["text"] == "One moment."
        assert first["actions"][0]["agentId"] == team.billing
        assert len(team.asked) == 1
        speaking = {**asking, "agentId": team.billing, "handovers": MOST_IN_A_ROW}
        second = (await call.client.post("/v1/complete", json=speaking, headers=JSON)).json()
        assert second["text"] == "I refund it."
        assert team.asked[1].tools == ()
        told = turn(0, "I refund it.", source="agent", agentId=team.billing)
        assert (await call.post_turns(told)).status_code == 202
        assert await team.turns(call.id) == [("agent", team.billing, "I refund it.")]


async def test_an_agent_that_is_gone_is_named_and_the_first_goes_on(team: Team, rest: httpx.AsyncClient) -> None:
    """AGT-9: at the call the model is told; a deployment is refused with the place."""
    assert (await rest.delete(f"/v1/agents/{team.billing}")).status_code == 200
    await team.speaks(hands("billing"), said("I help you myself."))
    answer = await team.chat("I was charged twice")
    assert answer["text"] == "I help you myself."
    assert "actions" not in answer
    assert "there is no such agent here" in team.asked[1].messages[-1].content
    deployed = await rest.post(f"/v1/agents/{team.tenant.agent_id}/deploy", json={"environment": "staging"})
    assert deployed.status_code == 409
    assert "tools.transfer_to_agent.source.config.agents[0].agentId" in deployed.text


async def test_a_handover_is_registered_only_to_other_agents_of_the_organization(
    team: Team, rest: httpx.AsyncClient, guide_deps: Deps
) -> None:
    """AGT-9: another organization's agent is one that does not exist."""
    foreign = await add_tenant(guide_deps, "Others")
    path, own = f"/v1/agents/{team.billing}/tools", team.billing
    for agents, problem in (
        ([{"agentId": foreign.agent_id}], "agents[0].agentId: names no agent"),
        ([{"agentId": own}], "agents[0].agentId: must be another agent"),
        ([], "agents"),
        ([{"agentId": team.tenant.agent_id}, {"agentId": team.tenant.agent_id, "name": "b"}], "each agent once"),
    ):
        refused = await rest.post(path, json={**tool(*agents), "name": "hand_on"})
        assert refused.status_code == 400, refused.text
        assert problem in refused.json()["error"], refused.text
