"""Nothing is kept between requests: what one web role begins, another ends."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite
from tests.mcp import roads
from tests.mcp.person import App, Person, query_of, whoami_status
from tests.mcp.processes import Turns, mcp_server
from tests.mcp.roads import LEGACY, MODERN, Counting, Roads
from tests.mcp.serving import serving, settings_on_a_free_port

__all__ = ["settings_on_a_free_port"]

pytestmark = on_sqlite


@pytest.fixture(name="proxy")
async def two_roles(deps: Deps) -> AsyncIterator[Turns]:
    """Two web roles that take turns, on one port."""
    async with mcp_server(deps, roles=2, web=True) as proxy, serving(proxy, deps.settings.port):
        yield proxy


@pytest.mark.parametrize("version", [MODERN, LEGACY])
async def test_what_one_asks_to_be_confirmed_the_other_does(
    proxy: Turns, deps: Deps, tenant: Tenant, version: str
) -> None:
    """MCP-5, MCP-10"""
    server = Roads(proxy, deps.settings.base_url.removeprefix("http://"), Counting())

    async def call(tool: str, **arguments: object) -> Any:
        body = roads.message("tools/call", {"name": tool, "arguments": arguments}, version)
        answer = await server.ask(tenant.key, body, **roads.era(version, "tools/call", tool))
        return answer.message["result"]["structuredContent"]

    spare = await call("create_agent", name="spare", systemPrompt="Hi.", intent={"language": "en-US"})
    asked = (await call("delete_agent", id=spare["id"]))["error"]
    done = await call("delete_agent", id=spare["id"], confirmationToken=asked["confirmationToken"])
    again = await call("delete_agent", id=spare["id"], confirmationToken=asked["confirmationToken"])
    assert done["deleted"] is True
    assert again == done
    assert proxy.asked == [2, 2]


async def test_an_app_signs_in_across_both(proxy: Turns, deps: Deps, tenant: Tenant) -> None:
    """MCP-2, MCP-10: from registration to a used and a replaced token."""
    app = App(deps.settings.base_url)
    await app.register()
    person = Person(deps, tenant.user_id)
    await person.sign_in()
    page = await person.open(app.authorize_url())
    back = await person.decide(page, "approve", tenant.organization_id)
    tokens = (await app.exchange(query_of(back.headers["location"])["code"])).json()
    await person.http.aclose()
    statuses = [await whoami_status(deps.settings.base_url, tokens["access_token"]) for _ in range(2)]
    replaced = (await app.refresh(tokens["refresh_token"])).json()
    statuses += [await whoami_status(deps.settings.base_url, replaced["access_token"]) for _ in range(2)]
    assert statuses == [200, 200, 200, 200]
    assert min(proxy.asked) >= 4
