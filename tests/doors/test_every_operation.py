"""Guards that loop over the registry: what holds for one operation holds for all, over REST."""

import re
from collections.abc import Awaitable, Callable
from typing import cast

import httpx
import pytest

from speko_core import registry
from speko_core.deps import Deps
from speko_core.operations import AnyOperation, Http
from speko_core.principal import ALL_SCOPES
from speko_gateway.app import document
from tests.conftest import Tenant, add_key, rest_client

BOUND = [operation for operation in registry.OPERATIONS if operation.http is not None]
PUBLIC = [operation for operation in BOUND if not cast(Http, operation.http).internal]
BY_ID = [operation for operation in PUBLIC if "{" in cast(Http, operation.http).path]


def _ids(operations: list[AnyOperation]) -> list[str]:
    return [operation.id for operation in operations]


def _path(operation: AnyOperation, row_id: str = "missing_01") -> str:
    return re.sub(r"{\w+}", row_id, cast(Http, operation.http).path)


async def _send(
    client: httpx.AsyncClient, operation: AnyOperation, row_id: str = "missing_01", body: object = None
) -> httpx.Response:
    http = cast(Http, operation.http)
    content = {} if body is None else body
    reads_body = http.method in ("POST", "PATCH", "PUT")
    return await client.request(http.method, _path(operation, row_id), json=content if reads_body else None)


async def _agent(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return tenant.agent_id


async def _key(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return cast(str, (await client.get("/v1/api-keys")).json()["keys"][0]["id"])


async def _session(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return cast(str, (await client.post("/v1/sessions", json={"agentId": tenant.agent_id})).json()["sessionId"])


async def _do_not_call(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return cast(str, (await client.post("/v1/do-not-call", json={"number": "+14155550123"})).json()["id"])


async def _provider_key(tenant: Tenant, client: httpx.AsyncClient) -> str:
    await client.put("/v1/providers", json={"provider": "deepgram", "apiKey": "dg-theirs"})
    return "deepgram"


WEBHOOK = {"name": "Theirs", "url": "https://hooks.example.com/speko", "events": ["call.status"]}


async def _webhook(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return cast(str, (await client.post("/v1/webhooks", json=WEBHOOK)).json()["id"])


async def _webhook_delivery(tenant: Tenant, client: httpx.AsyncClient) -> str:
    await _webhook(tenant, client)
    await client.post(f"/v1/sessions/{await _session(tenant, client)}/end")
    return cast(str, (await client.get("/v1/webhook-deliveries")).json()["data"][0]["id"])


# One line per resource whose operations take an id: how another organization comes to own one.
OWNED: dict[str, Callable[[Tenant, httpx.AsyncClient], Awaitable[str]]] = {
    "agents": _agent,
    "do_not_call": _do_not_call,
    "keys": _key,
    "sessions": _session,
    "providers": _provider_key,
    "webhook_deliveries": _webhook_delivery,
    "webhooks": _webhook,
    "tools": _agent,
}
# Inputs that a malformed-input test needs to get past the path: the smallest valid body of the operation.
VALID_BODIES: dict[str, object] = {
    "tools.create": {"name": "t", "description": "T.", "parameters": {"type": "object"}, "source": {"kind": "inline"}},
    "sessions.add_turns": {
        "turns": [{"index": 0, "source": "user", "text": "hi", "startedAt": "2026-01-01T00:00:00.000Z"}]
    },
}


@pytest.mark.parametrize("operation", BOUND, ids=_ids(BOUND))
async def test_without_a_key_the_answer_is_401(operation: AnyOperation, deps: Deps) -> None:
    """ORG-10"""
    async with rest_client(deps, None) as client:
        answer = await _send(client, operation)
    assert answer.status_code == 401
    assert answer.json()["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize("operation", BOUND, ids=_ids(BOUND))
async def test_without_the_scope_the_answer_is_403(operation: AnyOperation, deps: Deps, tenant: Tenant) -> None:
    """ORG-3"""
    key = await add_key(deps, tenant.organization_id, scopes=ALL_SCOPES - {operation.scope})
    async with rest_client(deps, key) as client:
        answer = await _send(client, operation)
    assert answer.status_code == 403
    assert answer.json()["code"] == "FORBIDDEN"
    assert operation.scope in answer.json()["error"]


@pytest.mark.parametrize("operation", BY_ID, ids=_ids(BY_ID))
async def test_another_organizations_id_answers_404(
    operation: AnyOperation,
    rest: httpx.AsyncClient,
    other_rest: httpx.AsyncClient,
    tenant: Tenant,
    other_tenant: Tenant,
) -> None:
    """ORG-1"""
    theirs = await OWNED[operation.resource](other_tenant, other_rest)
    body = VALID_BODIES.get(operation.id)
    answer = await _send(rest, operation, theirs, body)
    missing = await _send(rest, operation, "missing_01", body)
    assert answer.status_code == 404, answer.text
    # Nothing may tell an id that exists elsewhere from one that does not exist.
    assert answer.json() == missing.json()


@pytest.mark.parametrize("operation", PUBLIC, ids=_ids(PUBLIC))
async def test_a_body_that_is_not_an_object_is_400(operation: AnyOperation, rest: httpx.AsyncClient) -> None:
    """ORG-10"""
    if cast(Http, operation.http).method in ("GET", "DELETE"):
        pytest.skip("takes no body")
    for body in ([], "text", 7):
        answer = await _send(rest, operation, body=body)
        assert answer.status_code == 400
        assert answer.json()["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize("operation", PUBLIC, ids=_ids(PUBLIC))
def test_every_public_operation_is_documented(operation: AnyOperation) -> None:
    """Docs are part of the change."""
    http = cast(Http, operation.http)
    described = document("http://testserver")["paths"][http.path][http.method.lower()]  # type: ignore[index]
    assert described["summary"] == operation.summary
    statuses = {str(case.status) for case in operation.errors} | {str(http.status), "400", "401", "403"}
    assert statuses <= set(described["responses"])


@pytest.mark.parametrize("operation", registry.OPERATIONS, ids=_ids(list(registry.OPERATIONS)))
def test_every_operation_names_a_known_scope(operation: AnyOperation) -> None:
    """ORG-3"""
    internal = operation.http is not None and operation.http.internal
    assert operation.scope in ALL_SCOPES or (internal and operation.scope in ("worker:run", "sessions:worker"))
