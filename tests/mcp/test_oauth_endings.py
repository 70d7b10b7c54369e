"""How an app's access ends: every way must end every token of it at once, at the door that apps use."""

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest

from speko_core.accounts import passwords
from speko_core.accounts.authentication import authenticate
from speko_core.accounts.models import Membership
from speko_core.accounts.people_operations import APPS_LIST, APPS_REVOKE
from speko_core.deps import Deps
from speko_core.errors import Forbidden
from speko_core.execute import Caller, execute
from speko_core.ids import new_id
from tests.conftest import Tenant, add_tenant, on_sqlite, rest_client
from tests.mcp.person import PATIENCE_S, App, Person, hidden, query_of, whoami_status

pytestmark = on_sqlite


@pytest.fixture
async def person(deps: Deps, tenant: Tenant, base_url: str) -> AsyncIterator[Person]:
    """Somebody else's owner who is an ordinary member here, signed in."""
    other = await add_tenant(deps, "Beta")
    row = Membership(
        id=new_id("member"), organization_id=tenant.organization_id, user_id=other.user_id, role="member",
        created_at=deps.clock.now(),
    )  # fmt: skip
    async with deps.database.transaction(tenant.organization_id) as db:
        db.add(row)
    someone = Person(deps, other.user_id)
    await someone.sign_in()
    yield someone
    await someone.http.aclose()


async def let_in(person: Person, base_url: str, organization_id: str) -> tuple[App, dict[str, str]]:
    """An app that the person allowed, and its tokens after one rotation."""
    app = App(base_url)
    await app.register()
    back = await person.decide(await person.open(app.authorize_url()), "approve", organization_id)
    first = (await app.exchange(query_of(back.headers["location"])["code"])).json()
    return app, (await app.refresh(first["refresh_token"])).json()


async def is_out(app: App, tokens: dict[str, str]) -> bool:
    """True when neither token of the app is worth anything."""
    refused = await app.refresh(tokens["refresh_token"])
    return await whoami_status(app.base_url, tokens["access_token"]) == 401 and refused.status_code == 400


async def test_disconnecting_an_app_ends_its_tokens_and_no_others(
    tenant: Tenant, person: Person, base_url: str
) -> None:
    """MCP-1, ORG-5: an ordinary member ends what they allowed, on the page."""
    app, tokens = await let_in(person, base_url, tenant.organization_id)
    kept, others = await let_in(person, base_url, tenant.organization_id)
    page = await person.http.get("/connected-apps")
    assert page.text.count(">Disconnect</button>") == 2
    # The last used comes first.
    last = page.text.partition('action="/connected-apps/')[2].partition("/revoke")[0]
    fields = {**hidden(page.text), "organization_id": tenant.organization_id}
    answer = await person.http.post(f"/connected-apps/{last}/revoke", data=fields)
    assert answer.status_code == 303
    assert await is_out(kept, others)
    assert await whoami_status(base_url, tokens["access_token"]) == 200
    assert (await app.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_new_password_ends_every_app(deps: Deps, tenant: Tenant, person: Person, base_url: str) -> None:
    """MCP-1, ORG-5: whoever knew the old one may have let an app in."""
    app, tokens = await let_in(person, base_url, tenant.organization_id)
    await passwords.set_password(deps, person.user_id, "correct horse battery")
    assert await is_out(app, tokens)


async def test_leaving_an_organization_ends_the_apps_there(
    deps: Deps, tenant: Tenant, person: Person, base_url: str
) -> None:
    """MCP-1, ORG-5: and a key with the right to change the account is enough to take somebody out."""
    app, tokens = await let_in(person, base_url, tenant.organization_id)
    async with rest_client(deps, tenant.key) as rest:
        assert (await rest.delete(f"/v1/members/{person.user_id}")).status_code == 204
    assert await is_out(app, tokens)


async def test_an_app_ends_its_own_access_and_no_other_apps(
    deps: Deps, tenant: Tenant, person: Person, base_url: str
) -> None:
    """MCP-1, ORG-5: what was let in to build agents may not throw others out, even of the same person."""
    app, tokens = await let_in(person, base_url, tenant.organization_id)
    _, others = await let_in(person, base_url, tenant.organization_id)
    caller = Caller(await authenticate(deps, tokens["access_token"], resource=f"{base_url}/mcp"), "mcp", "req")
    rows = cast(Any, (await execute(APPS_LIST, {}, caller, deps)).value)["apps"]
    own = {row["clientId"] == app.client_id: row["id"] for row in rows}
    with pytest.raises(Forbidden):
        await execute(APPS_REVOKE, {"id": own[False]}, caller, deps)
    await execute(APPS_REVOKE, {"id": own[True]}, caller, deps)
    assert await is_out(app, tokens)
    assert await whoami_status(base_url, others["access_token"]) == 200


async def test_a_token_works_at_the_door_it_was_issued_for_only(tenant: Tenant, person: Person, base_url: str) -> None:
    """MCP-1: people let apps in to use tools; the REST API takes keys."""
    _, tokens = await let_in(person, base_url, tenant.organization_id)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=PATIENCE_S) as http:
        assert (await http.get("/v1/whoami")).status_code == 401
    assert await whoami_status(base_url, tokens["access_token"]) == 200
