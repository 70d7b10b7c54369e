"""Versions, deployments and rollbacks, over both doors and on both engines."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant
from tests.doors.doors import Door, open_door

NEW = {"name": "Reception", "systemPrompt": "You answer the phone.", "intent": {"language": "en-US"}}


@pytest.fixture(params=["rest", "mcp"])
async def door(request: pytest.FixtureRequest, deps: Deps, tenant: Tenant) -> AsyncIterator[Door]:
    async with open_door(request.param, deps, tenant.key) as opened:
        yield opened


async def _agent(door: Door, *prompts: str) -> str:
    """An agent with one version for its creation and one for each prompt."""
    created = await door.call("agents.create", **NEW)
    for prompt in prompts:
        await door.call("agents.update", id=created.value["id"], systemPrompt=prompt)
    return str(created.value["id"])


async def _live(door: Door, agent_id: str, name: str = "production") -> int | None:
    shown = await door.call("agents.environments", id=agent_id)
    versions: dict[str, int | None] = {row["name"]: row["version"] for row in shown.value["environments"]}
    return versions[name]


async def test_every_change_makes_a_version_with_its_author_and_its_difference(door: Door) -> None:
    """AGT-7"""
    agent_id = await _agent(door, "Shorter.")
    listed = await door.call("agents.versions", id=agent_id)
    assert [entry["number"] for entry in listed.value["entries"]] == [2, 1]
    assert listed.value["entries"][0]["author"]["kind"] == "api_key"
    version = (await door.call("agents.version", id=agent_id, number="2")).value
    assert version["against"] == 1
    assert version["changes"] == [
        {"path": "/systemPrompt", "kind": "changed", "before": "You answer the phone.", "after": "Shorter."}
    ]


async def test_a_change_that_changes_nothing_makes_no_version(door: Door) -> None:
    """AGT-7"""
    agent_id = await _agent(door)
    same = await door.call("agents.update", id=agent_id, systemPrompt=NEW["systemPrompt"], voice=None)
    assert same.value["version"] == 1
    assert len((await door.call("agents.versions", id=agent_id)).value["entries"]) == 1


async def test_versions_can_be_compared_with_any_other_and_are_paged(door: Door) -> None:
    """AGT-7"""
    agent_id = await _agent(door, "Second.", "Third.")
    newest = (await door.call("agents.version", id=agent_id, number="newest", against=1)).value
    assert (newest["number"], newest["against"]) == (3, 1)
    assert newest["changes"][0]["before"] == NEW["systemPrompt"]
    page = (await door.call("agents.versions", id=agent_id, limit=2)).value
    assert page["nextCursor"] == 2
    rest = (await door.call("agents.versions", id=agent_id, limit=2, cursor=2)).value
    assert [entry["number"] for entry in rest["entries"]] == [1]
    for number in ("7", "one", "²"):
        assert (await door.call("agents.version", id=agent_id, number=number)).code == "VERSION_NOT_FOUND"


async def test_a_deployment_moves_the_pointer_and_a_preview_does_not(door: Door) -> None:
    """AGT-7"""
    agent_id = await _agent(door, "Second.")
    preview = (await door.call("agents.deploy", id=agent_id, version=1, dryRun=True)).value
    assert preview["dryRun"] is True
    assert preview["deploymentId"] is None
    assert preview["problems"] == []
    assert await _live(door, agent_id) is None
    await door.call("agents.deploy", id=agent_id, version=1, note="first")
    assert await _live(door, agent_id) == 1
    moved = (await door.call("agents.deploy", id=agent_id)).value
    assert (moved["version"], moved["previousVersion"]) == (2, 1)
    assert [change["path"] for change in moved["changes"]] == ["/systemPrompt"]
    assert await _live(door, agent_id, "staging") is None


async def test_rollbacks_go_further_back_each_time_and_can_be_undone(door: Door) -> None:
    """AGT-7"""
    agent_id = await _agent(door, "Second.", "Third.")
    assert (await door.call("agents.rollback", id=agent_id)).code == "NOTHING_TO_ROLL_BACK"
    for number in (1, 2, 3):
        await door.call("agents.deploy", id=agent_id, version=number)
    for expected in (2, 1):
        assert (await door.call("agents.rollback", id=agent_id)).value["version"] == expected
    assert (await door.call("agents.rollback", id=agent_id)).code == "NOTHING_TO_ROLL_BACK"
    assert (await door.call("agents.rollback", id=agent_id, version=3)).value["version"] == 3
    assert (await door.call("agents.rollback", id=agent_id)).value["version"] == 1
    production = (await door.call("agents.environments", id=agent_id)).value["environments"][0]
    assert [move["version"] for move in production["history"]] == [1, 3, 1, 2, 3, 2, 1]
    assert {move["action"] for move in production["history"]} == {"deploy", "rollback"}


async def test_going_back_to_a_version_continues_from_the_time_it_was_live(door: Door) -> None:
    """AGT-7"""
    agent_id = await _agent(door, "Second.", "Third.")
    for number in (1, 2, 3):
        await door.call("agents.deploy", id=agent_id, version=number, environment="canary")
    await door.call("agents.rollback", id=agent_id, environment="canary", version=2)
    assert (await door.call("agents.rollback", id=agent_id, environment="canary")).value["version"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"systemPrompt": "  "}, "systemPrompt"),
        ({"firstMessage": "Hi {{ name"}, "firstMessage"),
        (
            {"stackPreferences": {"allowedProviders": {"stt": ["nobody-has-this"]}}},
            "stackPreferences.allowedProviders.stt",
        ),
    ],
)
async def test_what_would_fail_its_sessions_cannot_be_deployed(
    door: Door, change: dict[str, object], field: str
) -> None:
    """AGT-7"""
    agent_id = await _agent(door)
    await door.call("agents.update", id=agent_id, **change)
    preview = (await door.call("agents.deploy", id=agent_id, dryRun=True)).value
    assert field in {problem["field"] for problem in preview["problems"]}
    refused = await door.call("agents.deploy", id=agent_id)
    assert refused.code == "VERSION_NOT_DEPLOYABLE"
    assert field in refused.message
    assert await _live(door, agent_id) is None


async def test_deployments_and_rollbacks_are_in_the_audit_log(rest: httpx.AsyncClient) -> None:
    """ORG-9"""
    agent_id = (await rest.post("/v1/agents", json=NEW)).json()["id"]
    await rest.post(f"/v1/agents/{agent_id}/deploy", json={"dryRun": True})
    await rest.post(f"/v1/agents/{agent_id}/deploy", json={})
    logged = (await rest.get("/v1/audit-log")).json()["entries"]
    about = [entry["resourceId"] for entry in logged if entry["operation"] == "agents.deploy"]
    assert about == [f"{agent_id} production v1", f"{agent_id} preview v1"]


async def test_twenty_concurrent_changes_make_twenty_versions(rest: httpx.AsyncClient) -> None:
    """AGT-7: none is lost, none shares a number."""
    agent_id = (await rest.post("/v1/agents", json=NEW)).json()["id"]
    answers = await asyncio.gather(
        *(rest.patch(f"/v1/agents/{agent_id}", json={"systemPrompt": f"Prompt {number}"}) for number in range(20))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 22))
    entries = (await rest.get(f"/v1/agents/{agent_id}/versions?limit=100")).json()["entries"]
    assert [entry["number"] for entry in entries] == list(range(21, 0, -1))


async def test_concurrent_changes_of_different_fields_all_hold(rest: httpx.AsyncClient) -> None:
    """AGT-1"""
    agent_id = (await rest.post("/v1/agents", json=NEW)).json()["id"]
    changes = ({"voice": "rms"}, {"firstMessage": "Hello."}, {"llmOptions": {"temperature": 1}}, {"name": "Desk"})
    await asyncio.gather(*(rest.patch(f"/v1/agents/{agent_id}", json=change) for change in changes))
    agent = (await rest.get(f"/v1/agents/{agent_id}")).json()
    assert (agent["voice"], agent["firstMessage"], agent["name"]) == ("rms", "Hello.", "Desk")
    assert agent["llmOptions"] == {"temperature": 1}


async def test_a_tool_whose_secret_is_still_to_come_is_not_deployed(rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """AGT-7, MIG-5: a migration leaves placeholders where a person has to fill in a credential."""
    agent = f"/v1/agents/{tenant.agent_id}"
    to_come = [{"name": "X-Key", "value": "[set CRM]"}]
    source: dict[str, object] = {"kind": "webhook", "url": "https://crm.example.com", "authHeaders": to_come}
    tool = {"name": "crm", "description": "Asks the CRM.", "parameters": {"type": "object"}, "source": source}
    made = (await rest.post(f"{agent}/tools", json=tool)).json()
    refused = await rest.post(f"{agent}/deploy", json={})
    assert (refused.status_code, "tools.crm.source.authHeaders.X-Key" in refused.json()["error"]) == (409, True)
    source["authHeaders"] = [{"name": "X-Key", "value": "crm-key"}]
    await rest.patch(f"{agent}/tools/{made['id']}", json={"source": source})
    assert (await rest.post(f"{agent}/deploy", json={})).status_code == 200
