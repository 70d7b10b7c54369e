"""Tools of agents, over both doors."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from speko_core.agents.models import AgentSecret
from speko_core.deps import Deps
from speko_core.versions.models import AgentVersionRow
from tests.conftest import Tenant
from tests.doors.doors import Door, open_door

SECRET = "0123456789abcdef0123456789abcdef"
URL = "https://pets.example.com/lookup"
PARAMETERS = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


@pytest.fixture
def database_url() -> str:
    """SQLite alone: nothing here has SQL of its own."""
    return ""


@pytest.fixture
def migrated(tmp_path: Any, migrated_sqlite: Any) -> None:
    (tmp_path / "speko.sqlite").write_bytes(migrated_sqlite.read_bytes())


@pytest.fixture(params=["rest", "mcp"])
async def door(request: pytest.FixtureRequest, migrated: None, deps: Deps, tenant: Tenant) -> AsyncIterator[Door]:
    async with open_door(request.param, deps, tenant.key) as opened:
        yield opened


@pytest.fixture
async def only_rest(migrated: None, rest: httpx.AsyncClient) -> httpx.AsyncClient:
    return rest


def body(**changes: object) -> dict[str, object]:
    source = {"kind": "webhook", "url": URL, "secret": SECRET}
    return {"name": "lookup_pet", "description": "Find a pet.", "parameters": PARAMETERS, "source": source, **changes}


async def test_a_tool_is_made_listed_changed_and_removed(door: Door, tenant: Tenant) -> None:
    """AGT-2: the row has the documented shape; the secret comes back as a reference only."""
    agent = tenant.agent_id
    made = await door.call("tools.create", id=agent, **body())
    assert made.code is None, made.message
    assert {name: made.value[name] for name in ("agentId", "name", "preToolSpeech", "toolSound", "simulation")} == {
        "agentId": agent, "name": "lookup_pet", "preToolSpeech": "auto", "toolSound": None, "simulation": None
    }  # fmt: skip
    assert made.value["source"] == {"kind": "webhook", "url": URL, "secretRef": f"webhook:{agent}:lookup_pet"}
    ref = {"id": agent, "toolId": made.value["id"]}
    changed = await door.call("tools.update", **ref, description="Find any pet.", toolSound={"enabled": False})
    assert (changed.value["description"], changed.value["toolSound"]) == ("Find any pet.", {"enabled": False})
    assert (await door.call("tools.get", **ref)).value["updatedAt"] == changed.value["updatedAt"]
    assert [tool["id"] for tool in (await door.call("tools.list", id=agent)).value] == [made.value["id"]]
    assert (await door.call("tools.delete", **ref)).value["deleted"] is True
    assert (await door.call("tools.get", **ref)).code == "NOT_FOUND"


async def test_the_name_is_unique_for_its_agent_alone(only_rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """AGT-2: (organization, agent, name)."""
    path = f"/v1/agents/{tenant.agent_id}/tools"
    assert (await only_rest.post(path, json=body())).status_code == 201
    again = await only_rest.post(path, json=body())
    assert (again.status_code, again.json()["code"]) == (409, "TOOL_NAME_CONFLICT")
    other = {"name": "Other", "systemPrompt": "Hi.", "intent": {"language": "en"}}
    second = (await only_rest.post("/v1/agents", json=other)).json()["id"]
    assert (await only_rest.post(f"/v1/agents/{second}/tools", json=body())).status_code == 201


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ({}, "inline"),
        ({"url": URL, "secret": SECRET}, "webhook"),
        ({"name": "end_call"}, "builtin"),
        ({"kind": "builtin", "name": "transfer_call", "config": {"destinations": [{"to": "+14155550123"}]}}, "builtin"),
    ],
)
async def test_the_kind_is_read_from_the_other_fields(
    only_rest: httpx.AsyncClient, tenant: Tenant, source: dict[str, object], kind: str
) -> None:
    """AGT-2: typed clients leave `kind` out; rows never do."""
    answer = await only_rest.post(f"/v1/agents/{tenant.agent_id}/tools", json=body(source=source))
    assert (answer.status_code, answer.json()["source"]["kind"]) == (201, kind)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "LookupPet"}, "name"),
        ({"name": "a" * 65}, "name"),
        ({"parameters": {"type": "string"}}, "parameters"),
        ({"parameters": {"type": "object", "properties": {"a": {"type": "strin"}}}}, "parameters"),
        ({"parameters": {"type": "object", "properties": {"a": {"$ref": "https://e.example/s.json"}}}}, "parameters"),
        ({"source": {"kind": "webhook", "url": "http://pets.example.com/", "secret": SECRET}}, "source.url"),
        ({"source": {"kind": "webhook", "url": "https://169.254.169.254/", "secret": SECRET}}, "source.url"),
        ({"source": {"kind": "webhook", "url": URL, "secret": "short"}}, "source.secret"),
        ({"source": {"kind": "webhook", "url": URL, "responseMode": "async"}}, "source.asyncAck"),
        ({"source": {"kind": "webhook", "url": URL, "headers": {"webhook-id": "1"}}}, "source.headers"),
        ({"source": {"kind": "webhook", "url": URL, "authHeaders": [{"name": "x-key"}]}}, "source.authHeaders"),
        ({"source": {"kind": "builtin", "name": "reboot"}}, "source"),
        ({"source": {"kind": "builtin", "name": "transfer_call"}}, "source.config.destinations"),
        ({"source": {"kind": "builtin", "name": "end_call", "config": {"mesage": "x"}}}, "source.config.mesage"),
        (
            {"source": {"kind": "integration", "installationId": "i", "appKey": "slack", "actionKey": "post"}},
            "source.installationId",
        ),
        ({"simulation": {"mode": "mock", "response": "x" * 9000}}, "simulation"),
        ({"toolSound": {"enabled": True, "clip": "keyboard-typing", "soundId": "s"}}, "toolSound"),
    ],
)
async def test_what_cannot_work_is_refused_and_names_the_field(
    only_rest: httpx.AsyncClient, tenant: Tenant, changes: dict[str, object], field: str
) -> None:
    """AGT-2, AGT-4: at registration, not in the middle of a call."""
    answer = await only_rest.post(f"/v1/agents/{tenant.agent_id}/tools", json=body(**changes))
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert field in answer.json()["error"]


async def _stored(deps: Deps, tenant: Tenant) -> dict[str, bytes]:
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        return {row.ref: row.sealed for row in (await db.execute(select(AgentSecret))).scalars()}


async def test_secrets_are_sealed_kept_when_absent_and_rotated_when_given(
    only_rest: httpx.AsyncClient, deps: Deps, tenant: Tenant
) -> None:
    """ORG-8: a webhook's secret and secret headers never leave, and survive a change that does not name them."""
    path = f"/v1/agents/{tenant.agent_id}/tools"
    source: dict[str, object] = {
        "url": URL,
        "secret": SECRET,
        "authHeaders": [{"name": "X-Key", "value": "opensesame"}],
    }
    made = await only_rest.post(path, json=body(source=source))
    assert "opensesame" not in made.text
    assert SECRET not in made.text
    ref = f"webhook:{tenant.agent_id}:lookup_pet"
    assert made.json()["source"]["authHeaders"] == [{"name": "X-Key", "secretRef": f"{ref}:x-key"}]
    before = await _stored(deps, tenant)
    assert set(before) == {ref, f"{ref}:x-key"}
    assert all(SECRET.encode() not in sealed for sealed in before.values())
    kept = {"url": URL + "/v2", "authHeaders": [{"name": "X-Key"}]}
    answer = await only_rest.patch(f"{path}/{made.json()['id']}", json={"source": kept})
    assert (answer.status_code, answer.json()["source"]["url"]) == (200, URL + "/v2")
    assert await _stored(deps, tenant) == before
    await only_rest.patch(f"{path}/{made.json()['id']}", json={"source": {**kept, "secret": SECRET[::-1]}})
    after = await _stored(deps, tenant)
    assert after[ref] != before[ref]
    assert after[f"{ref}:x-key"] == before[f"{ref}:x-key"]


async def test_null_clears_and_absent_leaves(only_rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """AGT-2: PATCH tells null from absent."""
    path = f"/v1/agents/{tenant.agent_id}/tools"
    made = await only_rest.post(path, json=body(simulation={"mode": "mock", "response": {"a": 1}}))
    tool = f"{path}/{made.json()['id']}"
    assert (await only_rest.patch(tool, json={"preToolSpeech": "never"})).json()["simulation"]["response"] == {"a": 1}
    assert (await only_rest.patch(tool, json={"simulation": None})).json()["simulation"] is None
    assert (await only_rest.patch(tool, json={"source": None})).status_code == 400


async def test_every_change_of_a_tool_is_a_version_of_its_agent(
    only_rest: httpx.AsyncClient, deps: Deps, tenant: Tenant
) -> None:
    """AGT-7: with the tool as it was, and without its secret."""
    path = f"/v1/agents/{tenant.agent_id}/tools"
    made = (await only_rest.post(path, json=body())).json()
    await only_rest.patch(f"{path}/{made['id']}", json={"description": "Find any pet."})
    await only_rest.delete(f"{path}/{made['id']}")
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        rows = (await db.execute(select(AgentVersionRow).order_by(AgentVersionRow.number))).scalars().all()
    told = [{name: tool["description"] for name, tool in row.content["tools"].items()} for row in rows]  # type: ignore[union-attr,index,call-overload]
    assert told[-3:] == [{"lookup_pet": "Find a pet."}, {"lookup_pet": "Find any pet."}, {}]
    assert all(SECRET not in str(row.content) for row in rows)


async def test_a_search_names_its_agent_so_that_the_row_can_be_sent_back(
    only_rest: httpx.AsyncClient, tenant: Tenant
) -> None:
    """AGT-5: `/v1/complete` must know whose knowledge is meant."""
    path = f"/v1/agents/{tenant.agent_id}/tools"
    source = {"kind": "builtin", "name": "search_knowledge_base"}
    made = (await only_rest.post(path, json=body(source=source))).json()
    assert made["source"]["config"] == {"agentId": tenant.agent_id}
    assert (await only_rest.patch(f"{path}/{made['id']}", json={"source": made["source"]})).status_code == 200
