"""Guards that loop over the registry: what holds for one operation holds for all, over REST.

There are hundreds of cases, so one installation with two organizations serves all of them. What the database itself
decides, that nobody reaches another organization's rows, is tried on PostgreSQL too.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import cast

import httpx
import pytest
import pytest_asyncio

from speko_core import registry
from speko_core.deps import Deps, build_deps
from speko_core.ids import new_id
from speko_core.integrations.models import Installation
from speko_core.operations import AnyOperation, Http
from speko_core.principal import ALL_SCOPES
from speko_core.settings import Settings
from speko_gateway.all_routes import document
from speko_gateway.app import create_app
from tests.conftest import ENGINES, MASTER_KEY, Tenant, add_key, add_tenant, migrated_database
from tests.connected_app import connected_app

BOUND = [operation for operation in registry.OPERATIONS if operation.http is not None]
PUBLIC = [operation for operation in BOUND if not cast(Http, operation.http).internal]
# Pages of the documentation belong to nobody.
BY_ID = [one for one in PUBLIC if "{" in cast(Http, one.http).path and one.resource != "docs"]
WITH_BODY = [operation for operation in PUBLIC if cast(Http, operation.http).method in ("POST", "PATCH", "PUT")]
one_loop = pytest.mark.asyncio(loop_scope="module")


def _ids(operations: list[AnyOperation]) -> list[str]:
    return [operation.id for operation in operations]


def _path(operation: AnyOperation, row_id: str = "missing_01") -> str:
    return re.sub(r"{\w+}", row_id, cast(Http, operation.http).path)


async def _send(
    client: httpx.AsyncClient, operation: AnyOperation, row_id: str = "missing_01", body: object = None
) -> httpx.Response:
    http = cast(Http, operation.http)
    content = ({} if body is None else body) if operation in WITH_BODY else None
    return await client.request(http.method, _path(operation, row_id), json=content)


async def _agent(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return tenant.agent_id


async def _key(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return cast(str, (await client.get("/v1/api-keys")).json()["keys"][0]["id"])


async def _session(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return cast(str, (await client.post("/v1/sessions", json={"agentId": tenant.agent_id})).json()["sessionId"])


async def _do_not_call(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return cast(str, (await client.post("/v1/do-not-call", json={"number": "+14155550123"})).json()["id"])


async def _phone_number(tenant: Tenant, client: httpx.AsyncClient) -> str:
    number = {"e164": "+14155550123", "sipAddress": "sip.example.com"}
    return cast(str, (await client.post("/v1/phone-numbers/import", json=number)).json()["id"])


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


async def _knowledge_base(tenant: Tenant, client: httpx.AsyncClient) -> str:
    created = await client.post("/v1/knowledge-bases", json={"agentId": tenant.agent_id, "name": "Theirs"})
    return cast(str, created.json()["id"])


async def _installation(tenant: Tenant, client: httpx.AsyncClient) -> str:
    """Connecting takes a browser and an app, so the row is written as it would be."""
    deps = cast(Deps, cast(httpx.ASGITransport, client._transport).app.state.deps)  # type: ignore[attr-defined]
    now, row_id = deps.clock.now(), new_id("inst")
    row = Installation(
        id=row_id, organization_id=tenant.organization_id, app_key="slack", account_id="T1", account_label="Theirs",
        scopes=[], status="expired", connected_at=now, created_at=now, updated_at=now,
    )  # fmt: skip
    async with deps.database.transaction(tenant.organization_id) as db:
        db.add(row)
    return row_id


async def _export(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return cast(str, (await client.post("/v1/organization/exports")).json()["id"])


async def _member(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return tenant.user_id


async def _invitation(tenant: Tenant, client: httpx.AsyncClient) -> str:
    return cast(str, (await client.post("/v1/members", json={"email": "them@example.com"})).json()["id"])


# One line per resource whose operations take an id: how another organization comes to own one.
OWNED: dict[str, Callable[[Tenant, httpx.AsyncClient], Awaitable[str]]] = {
    "agents": _agent,
    "do_not_call": _do_not_call,
    "invitations": _invitation,
    "integrations": _installation,
    "keys": _key,
    "members": _member,
    "organization": _export,
    "phone_numbers": _phone_number,
    "sessions": _session,
    "providers": _provider_key,
    "webhook_deliveries": _webhook_delivery,
    "webhooks": _webhook,
    "tools": _agent,
    "mcp_servers": _agent,
    "knowledge_bases": _knowledge_base,
    "knowledge_documents": _knowledge_base,
}
# What no request makes.
STORED: dict[str, Callable[[Tenant, Deps], Awaitable[str]]] = {"connected_apps": connected_app}
# Inputs that a malformed-input test needs to get past the path: the smallest valid body of the operation.
VALID_BODIES: dict[str, object] = {
    "members.update": {"role": "viewer"},
    "knowledge_bases.search": {"query": "refunds"},
    "knowledge_documents.create": {"filename": "a.txt", "contentType": "text/plain", "sizeBytes": 1},
    "knowledge_documents.add_url": {"url": "https://example.com/a"},
    "knowledge_documents.add_faq": {"pairs": [{"question": "q", "answer": "a"}]},
    "tools.create": {"name": "t", "description": "T.", "parameters": {"type": "object"}, "source": {"kind": "inline"}},
    "mcp_servers.create": {"name": "Theirs", "url": "https://mcp.example.com/mcp"},
    "sessions.add_turns": {
        "turns": [{"index": 0, "source": "user", "text": "hi", "startedAt": "2026-01-01T00:00:00.000Z"}]
    },
}


@dataclass
class House:
    """A running installation: the organization under test, and another whose rows must stay invisible."""

    deps: Deps
    transport: httpx.ASGITransport
    ours: Tenant
    others: Tenant
    owned: dict[str, str] = field(default_factory=dict)

    def client(self, key: str | None) -> httpx.AsyncClient:
        """The REST door as the holder of `key`."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.AsyncClient(transport=self.transport, base_url="http://testserver", headers=headers)

    async def id_of_others(self, resource: str) -> str:
        """A row of this resource that the other organization owns."""
        if resource in STORED and resource not in self.owned:
            self.owned[resource] = await STORED[resource](self.others, self.deps)
        if resource not in self.owned:
            async with self.client(self.others.key) as client:
                self.owned[resource] = await OWNED[resource](self.others, client)
        return self.owned[resource]


async def _opened(folder: Path, database_url: str, stack: AsyncExitStack) -> House:
    settings = Settings(
        data_dir=folder, database_url=database_url, master_key=MASTER_KEY, _env_file=None,
        rate_limit_per_key=0, rate_limit_per_organization=0,
    )  # fmt: skip
    deps = build_deps(settings)
    stack.push_async_callback(deps.aclose)
    transport = httpx.ASGITransport(app=create_app(deps), raise_app_exceptions=False)
    return House(deps, transport, await add_tenant(deps), await add_tenant(deps, "Globex"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """On SQLite, or on the engine a test asks for."""
    folder = tmp_path_factory.mktemp("house")
    async with AsyncExitStack() as stack:
        url = stack.enter_context(migrated_database(getattr(request, "param", "sqlite"), request, folder))
        yield await _opened(folder, url, stack)


@one_loop
@pytest.mark.parametrize("operation", BOUND, ids=_ids(BOUND))
async def test_without_a_key_the_answer_is_401(operation: AnyOperation, house: House) -> None:
    """ORG-10"""
    async with house.client(None) as client:
        answer = await _send(client, operation)
    assert answer.status_code == 401
    assert answer.json()["code"] == "UNAUTHORIZED"


@one_loop
@pytest.mark.parametrize("operation", BOUND, ids=_ids(BOUND))
async def test_without_the_scope_the_answer_is_403(operation: AnyOperation, house: House) -> None:
    """ORG-3"""
    key = await add_key(house.deps, house.ours.organization_id, scopes=ALL_SCOPES - {operation.scope})
    async with house.client(key) as client:
        answer = await _send(client, operation)
    assert answer.status_code == 403
    assert answer.json()["code"] == "FORBIDDEN"
    assert operation.scope in answer.json()["error"]


@one_loop
@pytest.mark.parametrize("house", ENGINES, indirect=True)
@pytest.mark.parametrize("operation", BY_ID, ids=_ids(BY_ID))
async def test_another_organizations_id_answers_404(operation: AnyOperation, house: House) -> None:
    """ORG-1"""
    theirs = await house.id_of_others(operation.resource)
    body = VALID_BODIES.get(operation.id)
    async with house.client(house.ours.key) as client:
        answer = await _send(client, operation, theirs, body)
        missing = await _send(client, operation, "missing_01", body)
    assert answer.status_code == 404, answer.text
    # Nothing may tell an id that exists elsewhere from one that does not exist.
    assert answer.json() == missing.json()


@one_loop
@pytest.mark.parametrize("operation", WITH_BODY, ids=_ids(WITH_BODY))
async def test_a_body_that_is_not_an_object_is_400(operation: AnyOperation, house: House) -> None:
    """ORG-10"""
    async with house.client(house.ours.key) as client:
        for body in ([], "text", 7):
            answer = await _send(client, operation, body=body)
            assert answer.status_code == 400
            assert answer.json()["code"] == "VALIDATION_ERROR"


@cache
def _paths() -> dict[str, dict[str, dict[str, object]]]:
    return cast(dict[str, dict[str, dict[str, object]]], document("http://testserver")["paths"])


@pytest.mark.parametrize("operation", PUBLIC, ids=_ids(PUBLIC))
def test_every_public_operation_is_documented(operation: AnyOperation) -> None:
    """Docs are part of the change."""
    http = cast(Http, operation.http)
    described = _paths()[http.path][http.method.lower()]
    assert described["summary"] == operation.summary
    statuses = {str(case.status) for case in operation.errors} | {str(http.status), "400", "401", "403"}
    assert statuses <= set(cast(dict[str, object], described["responses"]))


@pytest.mark.parametrize("operation", registry.OPERATIONS, ids=_ids(list(registry.OPERATIONS)))
def test_every_operation_names_a_known_scope(operation: AnyOperation) -> None:
    """ORG-3"""
    internal = operation.http is not None and operation.http.internal
    assert operation.scope in ALL_SCOPES or (internal and operation.scope in ("worker:run", "sessions:worker"))
