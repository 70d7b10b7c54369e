"""Webhook endpoints and the signing secret, over both doors."""

from collections.abc import AsyncIterator

import httpx
import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant
from tests.doors.doors import Door, open_door

URL = "https://hooks.example.com/speko"
SECRET = "0123456789abcdef0123456789abcdef"
REQUIRED = {"name": "CRM", "url": URL, "events": ["call.report"]}
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(params=["rest", "mcp"])
async def door(request: pytest.FixtureRequest, deps: Deps, tenant: Tenant) -> AsyncIterator[Door]:
    async with open_door(request.param, deps, tenant.key) as opened:
        yield opened


async def test_an_endpoint_is_created_read_changed_and_deleted(door: Door) -> None:
    """TEL-10: every field is there from the start, arrays and maps never null."""
    created = (await door.call("webhooks.create", **REQUIRED)).value
    defaults = {
        "allAgents": True, "agentIds": [], "filterTags": {}, "headers": {}, "authHeaders": [], "timeoutMs": 10_000,
        "signingSecretSource": "workspace", "hasCustomSigningSecret": False, "extractionFields": [],
        "contentMode": "full", "legacyManaged": False,
    }  # fmt: skip
    assert created == {**created, **REQUIRED, **defaults}
    read = (await door.call("webhooks.get", id=created["id"])).value
    assert {**read, **REQUIRED, **defaults, "createdAt": created["createdAt"]} == read
    changed = (await door.call("webhooks.update", id=created["id"], events=["call.status", "call.status"])).value
    assert (changed["events"], changed["url"]) == (["call.status"], URL)
    assert [row["id"] for row in (await door.call("webhooks.list")).value["data"]] == [created["id"]]
    assert (await door.call("webhooks.delete", id=created["id"])).code is None
    assert (await door.call("webhooks.get", id=created["id"])).code == "NOT_FOUND"
    assert (await door.call("webhooks.list")).value["data"] == []


async def test_the_signing_secret_is_shown_once_and_audited(door: Door, rest: httpx.AsyncClient) -> None:
    """ORG-6: rotating answers it, reading tells since when."""
    before = (await door.call("webhook_secret.get")).value
    assert before == {**before, "configured": False, "createdAt": None, "previous": []}
    rotated = (await door.call("webhook_secret.rotate", overlapSeconds=60)).value
    assert rotated["secret"].startswith("whsec_")
    after = (await door.call("webhook_secret.get")).value
    assert (after["configured"], "secret" in after) == (True, False)
    entries = (await rest.get("/v1/audit-log")).json()["entries"]
    assert [entry["operation"] for entry in entries] == ["webhook_secret.rotate"]
    assert rotated["secret"] not in str(entries)


async def test_secrets_go_in_and_never_come_out(rest: httpx.AsyncClient) -> None:
    """ORG-8: header values and signing secrets; a header without a value keeps the stored one."""
    secret_header = {"name": "Authorization", "value": "Bearer hush"}
    given = {**REQUIRED, "signingSecretSource": "custom", "signingSecret": SECRET, "authHeaders": [secret_header]}
    created = (await rest.post("/v1/webhooks", json=given)).json()
    assert created["authHeaders"] == [{"name": "Authorization", "configured": True}]
    assert (created["signingSecretSource"], created["hasCustomSigningSecret"]) == ("custom", True)
    path = f"/v1/webhooks/{created['id']}"
    kept = await rest.patch(path, json={"authHeaders": [{"name": "authorization"}], "name": "New"})
    assert kept.json()["authHeaders"] == [{"name": "authorization", "configured": True}]
    assert (await rest.patch(path, json={"authHeaders": [{"name": "X-Other"}]})).status_code == 400
    everything = created | kept.json() | (await rest.get("/v1/webhooks")).json()
    assert "hush" not in str(everything)
    assert SECRET not in str(everything)


async def test_a_change_tells_absent_from_null(rest: httpx.AsyncClient) -> None:
    """TEL-10: absent leaves, null clears; `extractionFields` is left by null and cleared by an empty list."""
    field = {"name": "size", "type": "number", "description": "How many."}
    given = {
        **REQUIRED, "filterTags": {"team": "sales"}, "headers": {"x-a": "1"}, "timeoutMs": 2000,
        "contentMode": "metadata_only", "extractionFields": [field], "signingSecret": SECRET,
    }  # fmt: skip
    created = (await rest.post("/v1/webhooks", json=given)).json()
    path = f"/v1/webhooks/{created['id']}"
    untouched = (await rest.patch(path, json={})).json()
    assert {**untouched, "updatedAt": ""} == {**created, "updatedAt": ""}
    nulls = dict.fromkeys(("filterTags", "headers", "timeoutMs", "contentMode", "extractionFields", "authHeaders"))
    cleared = (await rest.patch(path, json={**nulls, "signingSecretSource": "workspace"})).json()
    assert (cleared["filterTags"], cleared["headers"], cleared["timeoutMs"]) == ({}, {}, 10_000)
    assert (cleared["contentMode"], cleared["extractionFields"]) == ("full", [field])
    assert cleared["hasCustomSigningSecret"] is False
    assert (await rest.patch(path, json={"extractionFields": []})).json()["extractionFields"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "http://hooks.example.com"}, "url"),
        ({"url": "https://127.0.0.1/x"}, "url"),
        ({"url": "https://[::1]/x"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["call.unheard"]}, "events"),
        ({"name": " "}, "name"),
        ({"allAgents": False}, "agentIds"),
        ({"allAgents": False, "agentIds": ["agent_other"]}, "agentIds"),
        ({"timeoutMs": 60_000}, "timeoutMs"),
        ({"signingSecretSource": "custom"}, ""),
        ({"signingSecretSource": "workspace", "signingSecret": SECRET}, ""),
        ({"signingSecret": "not base64!"}, "signingSecret"),
        ({"headers": {"Host": "evil"}}, "headers"),
        ({"headers": {"Webhook-Id": "evil"}}, "headers"),
        ({"headers": {"x-a": "a\r\nb: c"}}, "headers"),
        ({"authHeaders": [{"name": "x-a"}]}, "authHeaders"),
    ],
)
async def test_what_could_not_work_is_refused_when_it_is_registered(
    rest: httpx.AsyncClient, change: dict[str, object], field: str
) -> None:
    """AGT-4, TEL-10: the answer names the field and repeats no secret."""
    answer = await rest.post("/v1/webhooks", json={**REQUIRED, **change})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert field in answer.text
    assert "evil" not in answer.text
    assert "not base64!" not in answer.text
    assert (await rest.get("/v1/webhooks")).json()["data"] == []


async def test_another_organizations_agent_is_no_agent_here(
    rest: httpx.AsyncClient, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-1"""
    own = {**REQUIRED, "allAgents": False, "agentIds": [tenant.agent_id]}
    assert (await rest.post("/v1/webhooks", json=own)).json()["agentIds"] == [tenant.agent_id]
    theirs = await rest.post("/v1/webhooks", json={**own, "agentIds": [other_tenant.agent_id]})
    unknown = await rest.post("/v1/webhooks", json={**own, "agentIds": ["agent_unknown"]})
    assert (theirs.status_code, theirs.json()["error"]) == (400, unknown.json()["error"])
