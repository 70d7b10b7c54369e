"""The authorization server over HTTP: a scripted person, an app, and those who try to get in without being let in."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastmcp import Client
from sqlalchemy import update

from speko_core.accounts import oauth_clients
from speko_core.accounts.models import Membership
from speko_core.accounts.oauth_models import OAuthClient, OAuthCode, OAuthToken
from speko_core.deps import Deps
from tests.conftest import Tenant
from tests.mcp.person import App, Person, hidden, query_of, whoami_status


@pytest.fixture
async def person(deps: Deps, tenant: Tenant, base_url: str) -> AsyncIterator[Person]:
    """The tenant's owner, signed in."""
    someone = Person(deps, tenant.user_id)
    await someone.sign_in()
    yield someone
    await someone.http.aclose()


@pytest.fixture
async def app(base_url: str) -> App:
    """A registered app."""
    app = App(base_url)
    assert (await app.register()).status_code == 201
    return app


async def code_for(app: App, person: Person, tenant: Tenant, **changes: str | None) -> str:
    page = await person.open(app.authorize_url(**changes))
    assert page.status_code == 200, page.text
    back = await person.decide(page, "approve", tenant.organization_id)
    return query_of(back.headers["location"])["code"]


async def tokens_for(app: App, person: Person, tenant: Tenant, **changes: str | None) -> dict[str, str]:
    answer = await app.exchange(await code_for(app, person, tenant, **changes))
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()
    return tokens


async def move_back(deps: Deps, table: type[OAuthToken | OAuthCode], **columns: timedelta) -> None:
    """Let time pass for stored moments."""
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        await db.execute(update(table).values({name: now - age for name, age in columns.items()}))


async def test_a_person_lets_an_app_in_and_it_calls_tools(
    app: App, person: Person, tenant: Tenant, base_url: str
) -> None:
    """MCP-1, ORG-5"""
    page = await person.open(app.authorize_url())
    assert "Coding agent" in page.text
    assert "127.0.0.1:39331" in page.text
    back = await person.decide(page, "approve", tenant.organization_id)
    answer = query_of(back.headers["location"])
    assert back.headers["location"].startswith(f"{app.redirect_uri}?")
    assert (answer["state"], answer["iss"]) == ("opaque-state", base_url)
    tokens = (await app.exchange(answer["code"])).json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["access_token"].startswith("spo_")
    assert tokens["refresh_token"].startswith("spr_")
    async with Client(f"{base_url}/mcp", auth=tokens["access_token"]) as client:
        me = (await client.call_tool("whoami", {})).structured_content
    assert (me["kind"], me["label"], me["organizationId"]) == ("oauth", "Coding agent", tenant.organization_id)
    assert set(me["scopes"]) == set(tokens["scope"].split())
    assert not {"keys:write", "account:write", "audit:read"} & set(me["scopes"])


async def test_somebody_who_is_not_signed_in_signs_in_and_comes_back(app: App, deps: Deps, tenant: Tenant) -> None:
    """ORG-5"""
    visitor = Person(deps, tenant.user_id)
    page = await visitor.open(app.authorize_url())
    assert page.url.path == "/sign-in"
    target = page.url.params["next"]
    await visitor.sign_in()
    assert (await visitor.open(target)).url.path == "/oauth/consent"
    await visitor.http.aclose()


async def test_a_person_who_denies_sends_the_app_away(app: App, person: Person, tenant: Tenant, base_url: str) -> None:
    """MCP-1"""
    page = await person.open(app.authorize_url())
    back = await person.decide(page, "deny", tenant.organization_id)
    answer = query_of(back.headers["location"])
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "opaque-state", base_url)
    assert (await person.decide(page, "approve", tenant.organization_id)).status_code == 404


async def test_a_request_is_decided_once(app: App, person: Person, tenant: Tenant) -> None:
    """MCP-1"""
    page = await person.open(app.authorize_url())
    assert (await person.decide(page, "approve", tenant.organization_id)).status_code == 303
    assert (await person.decide(page, "approve", tenant.organization_id)).status_code == 404


async def test_access_to_somebody_elses_organization_cannot_be_granted(
    app: App, person: Person, other_tenant: Tenant
) -> None:
    """ORG-1"""
    page = await person.open(app.authorize_url())
    assert (await person.decide(page, "approve", other_tenant.organization_id)).status_code == 404


async def test_a_form_from_elsewhere_grants_nothing(app: App, person: Person, tenant: Tenant) -> None:
    """MCP-1"""
    page = await person.open(app.authorize_url())
    fields = {**hidden(page.text), "organization_id": tenant.organization_id, "decision": "approve"}
    forged = await person.http.post("/oauth/consent", data={**fields, "csrf": "guess"})
    foreign = await person.http.post("/oauth/consent", data=fields, headers={"Origin": "https://evil.example"})
    assert (forged.status_code, foreign.status_code) == (403, 403)


async def test_the_consent_page_cannot_be_framed(app: App, person: Person) -> None:
    """MCP-1"""
    page = await person.open(app.authorize_url())
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"


async def test_a_code_used_twice_ends_the_grant(app: App, person: Person, tenant: Tenant, base_url: str) -> None:
    """MCP-1"""
    code = await code_for(app, person, tenant)
    tokens = (await app.exchange(code)).json()
    assert await whoami_status(base_url, tokens["access_token"]) == 200
    replay = await app.exchange(code)
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
    assert await whoami_status(base_url, tokens["access_token"]) == 401
    assert (await app.refresh(tokens["refresh_token"])).status_code == 400


async def test_a_code_is_worth_nothing_without_its_verifier(app: App, person: Person, tenant: Tenant) -> None:
    """MCP-1"""
    code = await code_for(app, person, tenant)
    wrong = await app.exchange(code, code_verifier="x" * 43)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")


async def test_a_code_is_worth_nothing_to_another_app(app: App, person: Person, tenant: Tenant, base_url: str) -> None:
    """MCP-1"""
    code = await code_for(app, person, tenant)
    thief = App(base_url, verifier=app.verifier)
    await thief.register()
    stolen = await thief.exchange(code)
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")


async def test_an_old_code_is_refused(app: App, person: Person, tenant: Tenant, deps: Deps) -> None:
    """MCP-1"""
    code = await code_for(app, person, tenant)
    await move_back(deps, OAuthCode, expires_at=timedelta(seconds=1))
    assert (await app.exchange(code)).json()["error"] == "invalid_grant"


async def test_refreshing_rotates_both_tokens(app: App, person: Person, tenant: Tenant, base_url: str) -> None:
    """MCP-1"""
    first = await tokens_for(app, person, tenant)
    second = (await app.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert await whoami_status(base_url, second["access_token"]) == 200


async def test_two_processes_that_refresh_at_once_get_the_same_successor(
    app: App, person: Person, tenant: Tenant, base_url: str
) -> None:
    """MCP-1"""
    first = await tokens_for(app, person, tenant)
    one, two = (await app.refresh(first["refresh_token"]), await app.refresh(first["refresh_token"]))
    assert one.json() == two.json()
    assert await whoami_status(base_url, one.json()["access_token"]) == 200


async def test_a_refresh_token_used_again_later_ends_the_grant(
    app: App, person: Person, tenant: Tenant, base_url: str, deps: Deps
) -> None:
    """MCP-1"""
    first = await tokens_for(app, person, tenant)
    second = (await app.refresh(first["refresh_token"])).json()
    await move_back(deps, OAuthToken, used_at=timedelta(minutes=1))
    replay = await app.refresh(first["refresh_token"])
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
    assert await whoami_status(base_url, second["access_token"]) == 401
    assert (await app.refresh(second["refresh_token"])).status_code == 400


async def test_an_expired_access_token_is_refused_and_refreshing_mends_it(
    app: App, person: Person, tenant: Tenant, base_url: str, deps: Deps
) -> None:
    """MCP-1"""
    tokens = await tokens_for(app, person, tenant)
    async with deps.database.transaction(None, all_organizations=True) as db:
        past = deps.clock.now() - timedelta(seconds=1)
        await db.execute(update(OAuthToken).where(OAuthToken.kind == "access").values(expires_at=past))
    assert await whoami_status(base_url, tokens["access_token"]) == 401
    fresh = (await app.refresh(tokens["refresh_token"])).json()
    assert await whoami_status(base_url, fresh["access_token"]) == 200


async def test_a_revoked_token_stops_working_at_once(app: App, person: Person, tenant: Tenant, base_url: str) -> None:
    """MCP-1"""
    tokens = await tokens_for(app, person, tenant)
    assert (await app.post("/revoke", token=tokens["refresh_token"])).status_code == 200
    assert await whoami_status(base_url, tokens["access_token"]) == 401
    assert (await app.post("/revoke", token="spr_unknown")).status_code == 200


async def test_another_app_cannot_revoke_a_token(app: App, person: Person, tenant: Tenant, base_url: str) -> None:
    """MCP-1"""
    tokens = await tokens_for(app, person, tenant)
    stranger = App(base_url)
    await stranger.register()
    assert (await stranger.post("/revoke", token=tokens["access_token"])).status_code == 200
    assert await whoami_status(base_url, tokens["access_token"]) == 200


async def test_a_person_who_leaves_the_organization_takes_the_app_along(
    app: App, person: Person, tenant: Tenant, base_url: str, deps: Deps
) -> None:
    """ORG-5"""
    tokens = await tokens_for(app, person, tenant)
    async with deps.database.transaction(tenant.organization_id) as db:
        await db.execute(update(Membership).values(role="viewer"))
    async with Client(f"{base_url}/mcp", auth=tokens["access_token"]) as client:
        me = (await client.call_tool("whoami", {})).structured_content
    assert not [scope for scope in me["scopes"] if scope.endswith(":write")]
    async with deps.database.transaction(tenant.organization_id) as db:
        await db.execute(Membership.__table__.delete(), execution_options={"all_organizations": True})
    assert await whoami_status(base_url, tokens["access_token"]) == 401


@pytest.mark.parametrize(
    "resource", ["https://elsewhere.example/mcp", "http://127.0.0.1:1/mcp", "{base}/other", "{base}/mcp#x"]
)
async def test_tokens_for_another_resource_are_refused(app: App, base_url: str, resource: str) -> None:
    """MCP-1"""
    named = resource.format(base=base_url)
    async with httpx.AsyncClient() as http:
        answer = await http.get(app.authorize_url(resource=named))
    refused = query_of(answer.headers["location"])
    assert (refused["error"], refused["iss"]) == ("invalid_target", base_url)
    token = await app.exchange("code", resource=named)
    assert (token.status_code, token.json()["error"]) == (400, "invalid_target")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "agents:read nonsense"}, "invalid_scope"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": "s" * 3000}, "invalid_request"),
    ],
)
async def test_a_wrong_request_is_told_to_the_app(
    app: App, base_url: str, changes: dict[str, str | None], error: str
) -> None:
    """MCP-1"""
    async with httpx.AsyncClient() as http:
        answer = await http.get(app.authorize_url(**changes))
    refused = query_of(answer.headers["location"])
    assert (refused["error"], refused["iss"]) == (error, base_url)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/cb"},
        {"redirect_uri": "http://127.0.0.1:1/other"},
        {"client_id": "nobody"},
    ],
)
async def test_nobody_is_sent_to_an_address_that_was_not_registered(app: App, changes: dict[str, str | None]) -> None:
    """MCP-1"""
    async with httpx.AsyncClient() as http:
        answer = await http.get(app.authorize_url(**changes))
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_program_on_the_persons_machine_may_use_any_port(app: App, person: Person, tenant: Tenant) -> None:
    """MCP-1"""
    app.redirect_uri = "http://127.0.0.1:51999/callback/x"
    assert (await tokens_for(app, person, tenant))["access_token"]


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://evil.example/cb",
        "https://user@evil.example/cb",
        "https://evil.example/cb#fragment",
        "file:///etc/passwd",
    ],
)
async def test_dangerous_redirects_cannot_be_registered(base_url: str, uri: str) -> None:
    """MCP-1"""
    answer = await App(base_url, redirect_uri=uri).register()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize("uri", ["cursor://anysphere.cursor-mcp/oauth/callback", "https://app.example/cb"])
async def test_an_apps_own_scheme_and_https_can_be_registered(base_url: str, uri: str) -> None:
    """MCP-1"""
    answer = await App(base_url, redirect_uri=uri).register()
    assert answer.status_code == 201
    assert answer.json()["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in answer.json()


async def test_registrations_are_limited_and_unused_apps_forgotten(app: App, base_url: str, deps: Deps) -> None:
    """MCP-1"""
    now = deps.clock.now()
    origin = deps.secrets.digest("registration 127.0.0.1")
    async with deps.database.transaction(None, all_organizations=True) as db:
        db.add_all(
            OAuthClient(id=f"client_{number}", kind="registered", document={}, registered_from=origin, created_at=now)
            for number in range(oauth_clients.REGISTRATIONS_PER_HOUR)
        )
    refused = await App(base_url).register()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "600")
    async with deps.database.transaction(None, all_organizations=True) as db:
        await db.execute(update(OAuthClient).values(created_at=now - timedelta(days=2)))
    assert (await App(base_url).register()).status_code == 201
    assert await oauth_clients.find(deps, app.client_id) is None


async def test_a_large_registration_is_refused(base_url: str) -> None:
    """MCP-1"""
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{base_url}/register", content=b"x" * 20_000)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("called", "headers"),
    [
        ({"name": "create_agent", "arguments": {}}, {}),
        ({"name": "call_tool", "arguments": {"name": "create_agent"}}, {}),
        ({"name": "call_tool", "arguments": {"name": "agents.create"}}, {"Mcp-Method": "tools/call"}),
    ],
    ids=["direct", "by call_tool", "by alias"],
)
async def test_a_call_beyond_the_grant_asks_for_the_scope(
    app: App, person: Person, tenant: Tenant, base_url: str, called: dict[str, object], headers: dict[str, str]
) -> None:
    """MCP-1"""
    tokens = await tokens_for(app, person, tenant, scope="account:read agents:read")
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": called,
    }
    named = {"Mcp-Name": str(called["name"])} if headers else {}
    headers = {
        **headers,
        **named,
        "Authorization": f"Bearer {tokens['access_token']}",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-11-25",
    }
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{base_url}/mcp", json=message, headers=headers)
    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="account:read agents:read agents:write"' in challenge
    assert f'resource_metadata="{base_url}/.well-known/oauth-protected-resource/mcp"' in challenge


async def test_the_documents_agree_with_each_other_letter_by_letter(base_url: str) -> None:
    """MCP-1"""
    async with httpx.AsyncClient(base_url=base_url) as http:
        server = (await http.get("/.well-known/oauth-authorization-server")).json()
        alias = (await http.get("/.well-known/openid-configuration")).json()
        resource = (await http.get("/.well-known/oauth-protected-resource/mcp")).json()
        root = (await http.get("/.well-known/oauth-protected-resource")).json()
    assert server == alias
    assert resource == root
    assert resource["authorization_servers"] == [server["issuer"]] == [base_url]
    assert resource["resource"] == f"{base_url}/mcp"
    assert server["code_challenge_methods_supported"] == ["S256"]
    assert server["token_endpoint_auth_methods_supported"] == ["none"]
    assert server["authorization_response_iss_parameter_supported"] is True
    assert set(resource["scopes_supported"]) == set(server["scopes_supported"])
    assert not {"keys:write", "account:write", "offline_access"} & set(server["scopes_supported"])
