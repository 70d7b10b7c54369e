"""Keys and grants that carry a choice of tools: no URL or header widens it, in both protocol eras."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite
from tests.mcp.client import Era, mcp_client
from tests.mcp.person import App, Person, query_of
from tests.mcp.test_calls import call, era, error_of

__all__ = ["era"]

pytestmark = on_sqlite
DISCOVERY = {"search_tools", "call_tool"}


async def test_a_key_with_toolsets_is_offered_no_more(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-5"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        made = await call(client, "create_api_key", name="docs only", toolsets=["docs"])
        wrong = error_of(await call(client, "create_api_key", name="x", toolsets=["everything"]))
    key = made.structured_content["key"]
    for query in ("", "?toolsets=agents,docs", "?toolsets=all"):
        async with mcp_client(deps, key, era=era, query=query) as client:
            listed = {tool.name for tool in await client.list_tools()}
            refused = error_of(await call(client, "list_agents"))
            hidden = error_of(await call(client, "call_tool", name="list_agents"))
        assert {"search_docs", "scaffold_app", *DISCOVERY} <= listed
        assert not listed & {"list_agents", "whoami"}
        assert refused["code"] == hidden["code"] == "NOT_OFFERED"
    assert "docs" in wrong["fields"][0]["problem"]


async def test_a_limited_key_makes_no_wider_one(rest: httpx.AsyncClient, deps: Deps, tenant: Tenant) -> None:
    """ORG-3"""
    made = await rest.post("/v1/api-keys", json={"name": "narrow", "toolsets": ["account", "docs"]})
    bearer = {"Authorization": f"Bearer {made.json()['key']}"}
    wider = await rest.post("/v1/api-keys", json={"name": "wide", "toolsets": ["agents"]}, headers=bearer)
    same = await rest.post("/v1/api-keys", json={"name": "same"}, headers=bearer)
    assert wider.status_code == 403
    assert same.json()["toolsets"] == ["account", "docs"]


async def test_a_read_only_key_changes_nothing_through_any_door(
    rest: httpx.AsyncClient, deps: Deps, tenant: Tenant, era: Era
) -> None:
    """ORG-3"""
    made = (await rest.post("/v1/api-keys", json={"name": "reader", "readOnly": True})).json()
    bearer = {"Authorization": f"Bearer {made['key']}"}
    created = await rest.post("/v1/agents", json={"name": "x"}, headers=bearer)
    async with mcp_client(deps, made["key"], era=era) as client:
        listed = {tool.name for tool in await client.list_tools()}
        refused = error_of(await call(client, "delete_agent", id=tenant.agent_id))
    assert all(scope.endswith(":read") for scope in made["scopes"])
    assert created.status_code == 403
    assert "list_agents" in listed
    assert not listed & {"create_agent", "start_test_session"}
    assert refused["code"] == "FORBIDDEN"


@pytest.fixture
async def person(deps: Deps, tenant: Tenant, base_url: str) -> AsyncIterator[Person]:
    """The tenant's owner, signed in."""
    someone = Person(deps, tenant.user_id)
    await someone.sign_in()
    yield someone
    await someone.http.aclose()


async def test_a_grant_holds_the_choice_that_the_app_asked_for(person: Person, tenant: Tenant, base_url: str) -> None:
    """MCP-5, ORG-5"""
    app = App(base_url)
    await app.register()
    narrow = f"{base_url}/mcp?toolsets=agents&readonly=1"
    page = await person.open(app.authorize_url(resource=narrow))
    back = await person.decide(page, "approve", tenant.organization_id)
    code = query_of(back.headers["location"])["code"]
    tokens = (await app.exchange(code, resource=narrow)).json()
    transport = StreamableHttpTransport(f"{base_url}/mcp", auth=tokens["access_token"])
    async with Client(transport) as client:
        listed = {tool.name for tool in await client.list_tools()}
        elsewhere = error_of(await call(client, "search_docs", query="x"))
    assert all(scope.endswith(":read") for scope in tokens["scope"].split())
    assert {"list_agents", *DISCOVERY} <= listed
    assert "search_docs" not in listed
    assert elsewhere["code"] == "NOT_OFFERED"
