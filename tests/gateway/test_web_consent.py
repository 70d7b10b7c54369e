"""The consent page: what a person sees before an app may act for them, and where the answer leads."""

import re
from collections.abc import AsyncIterator
from typing import get_args
from urllib.parse import parse_qs, urlsplit

import pytest

from speko_core.accounts import oauth_consent
from speko_core.accounts.oauth_models import OAuthClient
from speko_core.deps import Deps
from speko_core.principal import Toolset
from speko_gateway.web.consent import TOOLSET_WORDS
from speko_gateway.web.headers import redirect_source
from tests.conftest import Tenant
from tests.gateway.web_visitor import Visitor, visitor

LOOPBACK = "http://127.0.0.1:39331/callback"


@pytest.fixture
async def person(deps: Deps, tenant: Tenant) -> AsyncIterator[Visitor]:
    member = visitor(deps)
    async with member.client:
        await member.sign_in(deps, tenant)
        yield member


async def ask(
    deps: Deps, *, name: str = "Claude Code", redirect_uri: str = LOOPBACK, toolsets: frozenset[str] | None = None
) -> str:
    """An app asks to be let in; returns the address of the page the person is sent to."""
    now = deps.clock.now()
    client = OAuthClient(
        id=f"client_{abs(hash((name, redirect_uri)))}",
        kind="registered",
        name=name,
        document={"redirect_uris": [redirect_uri]},
        created_at=now,
    )
    async with deps.database.transaction(None, all_organizations=True) as db:
        db.add(client)
    request_id = await oauth_consent.store_request(
        deps,
        oauth_consent.NewRequest(
            client_id=client.id,
            redirect_uri=redirect_uri,
            redirect_uri_explicit=True,
            state="opaque",
            scopes=("agents:read", "sessions:write"),
            code_challenge="c" * 43,
            resource=f"{deps.settings.base_url}/mcp",
            toolsets=toolsets,
        ),
    )
    return f"/oauth/consent?request={request_id}"


async def decide(person: Visitor, page: str, tenant: Tenant, decision: str) -> dict[str, list[str]]:
    """Press a button; returns what the app is told."""
    text = (await person.see(page)).text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    fields = {**hidden, "organization_id": tenant.organization_id, "decision": decision}
    answer = await person.client.post("/oauth/consent", data=fields)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{LOOPBACK}?")
    return parse_qs(urlsplit(answer.headers["location"]).query)


async def test_the_person_sees_who_asks_for_what_and_where_they_are_sent(
    deps: Deps, tenant: Tenant, person: Visitor
) -> None:
    """MCP-2: the app's name, the host of its address and its wishes in words, before anything happens."""
    text = (await person.see(await ask(deps))).text
    for words in ("Claude Code", "127.0.0.1:39331", "See agents and their prompts", "Start conversations", "Acme"):
        assert words in text


async def test_an_app_that_limits_itself_says_to_what(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """MCP-2, MCP-5: in words, and only where it does."""
    limited = (await person.see(await ask(deps, toolsets=frozenset({"agents", "docs", "nothing"})))).text
    assert "It limits itself to" in limited
    assert "<li>Agents and their versions</li><li>The documentation</li></ul>" in limited
    assert set(TOOLSET_WORDS) == set(get_args(Toolset))
    assert "It limits itself to" not in (await person.see(await ask(deps, name="Other"))).text


async def test_a_stranger_signs_in_first_and_comes_back_to_the_question(
    deps: Deps, tenant: Tenant, person: Visitor
) -> None:
    """MCP-2: the request survives the sign-in."""
    page = await ask(deps)
    person.client.cookies.clear()
    away = (await person.see(page)).headers["location"]
    assert parse_qs(urlsplit(away).query)["next"] == [page]


async def test_allowing_sends_a_code_and_denying_does_not(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """MCP-2: both answers carry the app's state and who answers; each request is decided once."""
    page = await ask(deps)
    allowed = await decide(person, page, tenant, "approve")
    assert sorted(allowed) == ["code", "iss", "state"]
    assert (await person.see(page)).status_code == 404
    denied = await decide(person, await ask(deps, name="Other"), tenant, "deny")
    assert (denied["error"], denied["state"]) == (["access_denied"], ["opaque"])
    assert "code" not in denied


async def test_a_forged_answer_changes_nothing(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """MCP-2: the answer needs the token of the page; the request stays undecided."""
    page = await ask(deps)
    fields = {"request_id": page.partition("=")[2], "organization_id": tenant.organization_id, "decision": "approve"}
    assert (await person.client.post("/oauth/consent", data={**fields, "csrf": "guess"})).status_code == 403
    assert (await person.see(page)).status_code == 200


async def test_an_app_on_the_own_computer_brings_a_warning(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """MCP-2: a loopback address proves nothing about the program that listens there."""
    warning = "Any program on this computer"
    assert warning in (await person.see(await ask(deps))).text
    assert warning not in (await person.see(await ask(deps, redirect_uri="https://app.example/cb"))).text


async def test_a_hostile_name_stays_text(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """MCP-2: the app chooses its name, so it is never markup."""
    text = (await person.see(await ask(deps, name='<img src=x onerror="alert(1)">'))).text
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


async def test_the_answer_may_lead_to_the_app_only(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """MCP-2: browsers apply `form-action` to the redirect after a form; no site may frame the question."""
    policy = (await person.see(await ask(deps))).headers["content-security-policy"]
    assert "form-action 'self' http://127.0.0.1:39331;" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("uri", "sources"),
    [
        ("https://app.example/cb?x=1", ("https://app.example",)),
        ("https://user@app.example:8443/cb", ("https://app.example:8443",)),
        ("http://[::1]:5000/cb", ("http:",)),
        ("cursor://anysphere.cursor/callback", ("cursor:",)),
        ("https://a;script-src *;/cb", ()),
        ("https://a b/cb", ()),
        ("", ()),
    ],
)
def test_an_address_cannot_write_into_the_policy(uri: str, sources: tuple[str, ...]) -> None:
    """MCP-2: what cannot be named safely is left out, and the browser then refuses the redirect."""
    assert redirect_source(uri) == sources
