"""What `execute` promises around every operation."""

import asyncio

import httpx

from speko_core.deps import Deps
from tests.conftest import Tenant, add_key, rest_client

NEW = {"name": "Once", "systemPrompt": "p", "intent": {"language": "en"}}


async def test_a_repeated_idempotency_key_replays_the_first_answer(rest: httpx.AsyncClient) -> None:
    """ORG-11"""
    headers = {"Idempotency-Key": "abc-1"}
    first = await rest.post("/v1/agents", json=NEW, headers=headers)
    second = await rest.post("/v1/agents", json=NEW, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"


async def test_an_idempotency_key_with_another_body_is_refused(rest: httpx.AsyncClient) -> None:
    """ORG-11"""
    headers = {"Idempotency-Key": "abc-2"}
    await rest.post("/v1/agents", json=NEW, headers=headers)
    answer = await rest.post("/v1/agents", json={**NEW, "name": "Other"}, headers=headers)
    assert answer.status_code == 409
    assert answer.json()["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_concurrent_requests_with_one_idempotency_key_run_once(rest: httpx.AsyncClient) -> None:
    """ORG-11"""
    headers = {"Idempotency-Key": "abc-3"}
    answers = await asyncio.gather(*(rest.post("/v1/agents", json=NEW, headers=headers) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_an_idempotency_key_belongs_to_its_organization(
    rest: httpx.AsyncClient, other_rest: httpx.AsyncClient
) -> None:
    """ORG-1"""
    headers = {"Idempotency-Key": "abc-4"}
    ours = await rest.post("/v1/agents", json=NEW, headers=headers)
    theirs = await other_rest.post("/v1/agents", json=NEW, headers=headers)
    assert ours.json()["organizationId"] != theirs.json()["organizationId"]


async def test_every_write_is_audited_with_actor_door_and_resource(rest: httpx.AsyncClient) -> None:
    """ORG-9"""
    created = (await rest.post("/v1/agents", json=NEW, headers={"X-Request-Id": "request-12345"})).json()
    await rest.delete(f"/v1/agents/{created['id']}")
    entries = (await rest.get("/v1/audit-log")).json()["entries"]
    acts = [(entry["operation"], entry["resourceId"], entry["door"]) for entry in entries]
    assert acts == [("agents.delete", created["id"], "rest"), ("agents.create", created["id"], "rest")]
    assert entries[1]["requestId"] == "request-12345"
    assert entries[1]["actorKind"] == "api_key"


async def test_a_refused_write_leaves_no_trace(rest: httpx.AsyncClient) -> None:
    """ORG-9"""
    await rest.post("/v1/agents", json={**NEW, "name": "Default"})
    assert (await rest.get("/v1/audit-log")).json()["entries"] == []


async def test_the_audit_log_is_paged_newest_first(rest: httpx.AsyncClient) -> None:
    """ORG-9"""
    for number in range(5):
        await rest.post("/v1/agents", json={**NEW, "name": f"Agent {number}"})
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await rest.get("/v1/audit-log", params=query)).json()
        seen += [entry["id"] for entry in page["entries"]]
        cursor = page["nextCursor"]
    assert cursor is None
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


async def test_errors_of_the_router_have_the_documented_shape(rest: httpx.AsyncClient) -> None:
    """ORG-10"""
    missing = await rest.get("/v1/nothing-here")
    assert (missing.status_code, missing.json()) == (404, {"error": "not found", "code": "NOT_FOUND"})
    wrong = await rest.put("/v1/agents")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    slash = await rest.get("/v1/agents/")
    assert slash.status_code == 404


async def test_an_oversize_body_is_refused_by_its_declared_length(rest: httpx.AsyncClient) -> None:
    """ORG-10"""
    answer = await rest.post("/v1/agents", content=b"{}", headers={"Content-Length": "99999999"})
    assert answer.status_code == 413
    assert answer.json()["code"] == "BODY_TOO_LARGE"


async def test_a_bodiless_get_with_a_json_content_type_is_accepted(rest: httpx.AsyncClient) -> None:
    """SES-10: the official TypeScript client sends the header on every call."""
    answer = await rest.get("/v1/agents", headers={"Content-Type": "application/json"})
    assert answer.status_code == 200


async def test_browsers_of_any_origin_may_call_with_a_key(rest: httpx.AsyncClient) -> None:
    """SES-10"""
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = await rest.options("/v1/complete", headers=headers)
    assert preflight.status_code == 204
    assert "x-speko-intent" in preflight.headers["access-control-allow-headers"]
    answer = await rest.get("/v1/agents", headers={"Origin": "https://app.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-speko-provider" in answer.headers["access-control-expose-headers"]


async def test_a_key_with_few_scopes_creates_no_stronger_key(deps: Deps, tenant: Tenant) -> None:
    """ORG-3"""
    weak = await add_key(deps, tenant.organization_id, scopes=frozenset({"keys:write", "keys:read"}))
    async with rest_client(deps, weak) as client:
        refused = await client.post("/v1/api-keys", json={"name": "x", "scopes": ["agents:write"]})
        allowed = await client.post("/v1/api-keys", json={"name": "x"})
    assert refused.status_code == 403
    assert allowed.json()["scopes"] == ["keys:read", "keys:write"]


async def test_a_character_postgresql_cannot_store_is_refused_with_its_field(
    rest: httpx.AsyncClient, tenant: Tenant
) -> None:
    """ORG-10"""
    named = await rest.post("/v1/agents", json={**NEW, "systemPrompt": "be\0kind"})
    assert (named.status_code, named.json()["fields"][0]["field"]) == (400, "systemPrompt")
    for path in ("/v1/agents/%00", f"/v1/agents/{tenant.agent_id}%00"):
        assert (await rest.get(path)).status_code == 400
