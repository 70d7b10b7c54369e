"""Signing in at an outside OpenID provider: who gets in, who does not, and what other sites cannot do."""

import dataclasses
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import update

from speko_core.accounts.models import User
from speko_core.deps import Deps
from speko_core.errors import ConfigurationError
from speko_gateway.web.requests import SESSION_COOKIE
from speko_gateway.web.routes import web_routes
from tests.conftest import Tenant, on_sqlite, rest_client
from tests.gateway.openid_twin import CLIENT_ID, CLIENT_SECRET, OpenIdTwin, openid_twin
from tests.gateway.web_visitor import Visitor, visitor

pytestmark = on_sqlite


@pytest.fixture
async def provider() -> AsyncIterator[OpenIdTwin]:
    async with openid_twin() as twin:
        yield twin


@pytest.fixture(name="house")
def deps_with_provider(deps: Deps, provider: OpenIdTwin) -> Deps:
    """An installation that knows the provider."""
    outside = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": SecretStr(CLIENT_SECRET),
    }
    return dataclasses.replace(deps, settings=deps.settings.model_copy(update=outside))


@pytest.fixture
async def person(house: Deps) -> AsyncIterator[Visitor]:
    guest = visitor(house)
    async with guest.client:
        yield guest


async def to_provider_and_back(person: Visitor, start: str = "/sign-in/outside") -> str:
    """Go to the provider; the address it sends the browser back to, not yet opened."""
    away = await person.see(start)
    assert away.status_code == 302, away.text
    async with httpx.AsyncClient() as browser:
        back = httpx.URL((await browser.get(away.headers["location"])).headers["location"])
    return f"{back.path}?{back.query.decode()}"


async def sign_in(person: Visitor, start: str = "/sign-in/outside") -> httpx.Response:
    return await person.see(await to_provider_and_back(person, start))


async def set_user(deps: Deps, tenant: Tenant, **columns: Any) -> None:
    async with deps.database.transaction(None, all_organizations=True) as db:
        await db.execute(update(User).where(User.id == tenant.user_id).values(**columns))


async def test_an_invited_person_signs_in_by_their_verified_address(
    house: Deps, tenant: Tenant, provider: OpenIdTwin, person: Visitor
) -> None:
    """ORG-5: state, nonce and PKCE go along; the person lands where they wanted, and is known the next time."""
    async with rest_client(house, tenant.key) as rest:
        await rest.post("/v1/members", json={"email": "Person@example.com", "role": "viewer"})
    assert "Continue with single sign-on" in (await person.see("/sign-in")).text
    answer = await sign_in(person, "/sign-in/outside?next=/sessions")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions")
    assert {"state", "nonce", "code_challenge"} <= provider.said.keys()
    assert "Acme" in (await person.see("/")).text
    provider.email, provider.email_verified = "renamed@example.com", False
    again = visitor(house)
    async with again.client:
        assert (await sign_in(again)).status_code == 303
        assert "person@example.com" in (await again.see("/settings")).text


async def test_nobody_gets_in_uninvited_or_by_an_address_nobody_verified(
    house: Deps, tenant: Tenant, provider: OpenIdTwin, person: Visitor
) -> None:
    """ORG-5"""
    stranger = await sign_in(person)
    assert (stranger.status_code, "Nobody has invited" in stranger.text) == (403, True)
    async with rest_client(house, tenant.key) as rest:
        await rest.post("/v1/members", json={"email": provider.email})
    for claim in (False, "true", None):
        provider.claims = {"email_verified": claim}
        assert "has not verified" in (await sign_in(person)).text
    assert SESSION_COOKIE not in person.client.cookies


async def test_an_account_is_not_taken_over_by_its_address(
    house: Deps, tenant: Tenant, provider: OpenIdTwin, person: Visitor
) -> None:
    """ORG-5: only an address proved here, too, finds an account; then, and not before, the two belong together."""
    await set_user(house, tenant, email=provider.email)
    refused = await sign_in(person)
    assert (refused.status_code, "not connected" in refused.text) == (403, True)
    await set_user(house, tenant, email_verified_at=house.clock.now())
    assert (await sign_in(person)).status_code == 303


async def test_a_signed_in_person_connects_their_identity_and_nobody_elses_page_can(
    house: Deps, tenant: Tenant, other_tenant: Tenant, provider: OpenIdTwin, person: Visitor
) -> None:
    """ORG-5: from Settings; the start carries a mark of this browser, and an identity has one account."""
    await person.sign_in(house, tenant)
    for forged in ("/sign-in/outside?connect=guess", "/sign-in/outside?connect="):
        assert (await person.see(forged)).status_code == 404
    found = re.search(r'href="(/sign-in/outside\?connect=[^"]+)"', (await person.see("/settings")).text)
    assert found
    connected = await sign_in(person, found[1])
    assert connected.headers["location"] == "/settings?done=connected"
    again = visitor(house)
    async with again.client:
        assert (await sign_in(again)).status_code == 303
        assert "Acme" in (await again.see("/")).text
    other = visitor(house)
    async with other.client:
        await other.sign_in(house, other_tenant)
        theirs = re.search(r'href="(/sign-in/outside\?connect=[^"]+)"', (await other.see("/settings")).text)
        assert theirs
        assert (await sign_in(other, theirs[1])).status_code == 409


async def test_an_answer_counts_once_and_only_in_the_browser_that_asked(
    house: Deps, tenant: Tenant, provider: OpenIdTwin, person: Visitor
) -> None:
    """ORG-5: another browser (login CSRF), a changed state, another provider's name (mix-up), the same answer again."""
    await set_user(house, tenant, email=provider.email, email_verified_at=house.clock.now())
    back = await to_provider_and_back(person)
    other = visitor(house)
    async with other.client:
        assert (await other.see(back)).status_code == 401
    mixed_up = httpx.URL(back).copy_set_param("iss", "https://other.example")
    changed = httpx.URL(back).copy_set_param("state", "guess")
    assert (await person.see(str(mixed_up))).status_code == 401
    assert (await person.see(str(changed))).status_code == 401
    assert (await person.see(back)).status_code == 303
    assert (await person.see(back)).status_code == 401
    assert (await person.see("/sign-in/outside/callback?error=access_denied&state=x")).status_code == 401


@pytest.mark.parametrize(
    "lie",
    [{"nonce": "other"}, {"aud": "another-client"}, {"iss": "https://other.example"}, {"exp": 1}, {"sub": None}],
    ids=lambda lie: next(iter(lie)),
)
async def test_an_id_token_for_somebody_or_something_else_is_refused(
    house: Deps, tenant: Tenant, provider: OpenIdTwin, person: Visitor, lie: dict[str, Any]
) -> None:
    """ORG-5"""
    await set_user(house, tenant, email=provider.email, email_verified_at=house.clock.now())
    provider.claims = lie
    assert (await sign_in(person)).status_code == 401


async def test_a_provider_that_is_away_or_another_one_is_told_apart_from_a_wrong_person(
    house: Deps, provider: OpenIdTwin, person: Visitor
) -> None:
    """ORG-5: the person may try again; nothing of the provider's words is shown."""
    provider.issuer = "https://other.example"
    answer = await person.see("/sign-in/outside")
    assert answer.status_code == 503
    assert "other.example" not in answer.text


def test_half_a_configuration_is_refused_at_the_start(house: Deps) -> None:
    """OPS-5"""
    settings = house.settings.model_copy(update={"oidc_client_secret": None})
    with pytest.raises(ConfigurationError, match="SPEKO_OIDC_CLIENT_SECRET"):
        web_routes(dataclasses.replace(house, settings=settings))
