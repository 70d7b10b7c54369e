"""Members, invitations, several organizations and connected apps on the pages."""

import re
from collections.abc import AsyncIterator

import pytest

from speko_core.accounts.models import BrowserSession, Membership, User
from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_gateway.web.requests import SESSION_COOKIE
from tests.conftest import Tenant, on_sqlite, rest_client
from tests.connected_app import connected_app
from tests.gateway.web_visitor import Visitor, visitor

pytestmark = on_sqlite
PASSWORD = "correct horse battery"
LINK = re.compile(r"(/invitation\?token=[\w-]+)")


@pytest.fixture
async def owner(deps: Deps, tenant: Tenant) -> AsyncIterator[Visitor]:
    """The tenant's owner, signed in."""
    person = visitor(deps)
    async with person.client:
        await person.sign_in(deps, tenant)
        yield person


@pytest.fixture
async def guest(deps: Deps) -> AsyncIterator[Visitor]:
    """Somebody who is not signed in."""
    person = visitor(deps)
    async with person.client:
        yield person


async def add_member(deps: Deps, organization_id: str, user_id: str, role: str) -> None:
    row = Membership(
        id=new_id("member"), organization_id=organization_id, user_id=user_id, role=role, created_at=deps.clock.now()
    )
    async with deps.database.transaction(organization_id) as db:
        db.add(row)


async def invite(owner: Visitor, email: str, role: str = "member") -> str:
    """Invite somebody on the page; the link that is shown."""
    answer = await owner.submit("/members", "/members", email=email, role=role)
    found = LINK.search(answer.text)
    assert found, answer.text
    return found[1]


async def test_an_invited_stranger_makes_an_account_and_joins(
    deps: Deps, tenant: Tenant, owner: Visitor, guest: Visitor
) -> None:
    """ORG-5: one link, one password, and they are in, with the role they were given; the link is spent."""
    link = await invite(owner, "New@Example.com", "viewer")
    assert "new@example.com" in (await owner.see("/members")).text
    page = (await guest.see(link)).text
    assert "Join Acme" in page
    token = link.partition("=")[2]
    short = await guest.submit(link, "/invitation/new", token=token, password="short")
    assert (short.status_code, "at least" in short.text) == (400, True)
    joined = await guest.submit(link, "/invitation/new", token=token, password=PASSWORD)
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert "Acme" in (await guest.see("/")).text
    assert "Invite somebody" not in (await guest.see("/members")).text
    assert (await guest.see(link)).status_code == 404
    assert "Open invitations" not in (await owner.see("/members")).text


async def test_an_invitation_lets_nobody_into_an_account_that_exists(
    deps: Deps, tenant: Tenant, other_tenant: Tenant, owner: Visitor, guest: Visitor
) -> None:
    """ORG-5: whoever invites a person, or finds the link, does not become that person; the person signs in to join."""
    async with deps.database.transaction(None, all_organizations=True) as db:
        invited = await db.get_one(User, other_tenant.user_id)
    link = await invite(owner, invited.email)
    token = link.partition("=")[2]
    assert "You have an account. Sign in to join." in (await guest.see(link)).text
    taken = await guest.submit("/sign-in", "/invitation/new", token=token, password=PASSWORD)
    assert taken.status_code == 403
    assert "speko_session" not in guest.client.cookies
    assert "the invitation is for" in (await owner.see(link)).text
    assert (await owner.submit("/members", "/invitation", token=token)).status_code == 403
    await guest.sign_in(deps, other_tenant)
    assert (await guest.submit(link, "/invitation", token=token)).headers["location"] == "/"
    assert "Acme" in (await guest.see("/settings")).text


async def test_a_person_switches_between_their_organizations_and_to_no_other(
    deps: Deps, tenant: Tenant, other_tenant: Tenant, owner: Visitor
) -> None:
    """ORG-5, ORG-1"""
    url = f"/organizations/{other_tenant.organization_id}/switch"
    assert (await owner.submit("/settings", url)).status_code == 401
    await add_member(deps, other_tenant.organization_id, tenant.user_id, "viewer")
    assert (await owner.submit("/settings", url)).status_code == 303
    page = (await owner.see("/settings")).text
    assert f'action="/organizations/{tenant.organization_id}/switch"' in page
    assert "Invite somebody" not in (await owner.see("/members")).text


async def test_a_removed_member_is_out_at_once_and_so_are_their_apps(
    deps: Deps, tenant: Tenant, other_tenant: Tenant, owner: Visitor, guest: Visitor
) -> None:
    """ORG-5: browser and apps end; coming back by a new invitation does not revive the apps."""
    await add_member(deps, tenant.organization_id, other_tenant.user_id, "member")
    await guest.sign_in(deps, other_tenant)
    await guest.submit("/settings", f"/organizations/{tenant.organization_id}/switch")
    await connected_app(Tenant(tenant.organization_id, "", other_tenant.user_id, "", ""), deps)
    assert (await owner.submit("/members", f"/members/{other_tenant.user_id}/role", role="admin")).status_code == 303
    own_way_back = await invite(guest, "friend@example.com")
    assert ">Coding agent<" in (await owner.see("/connected-apps")).text
    removed = await owner.submit("/members", f"/members/{other_tenant.user_id}/remove")
    assert removed.status_code == 303
    assert (await guest.see("/")).headers["location"] == "/sign-in?next=/"
    assert (await guest.see(own_way_back)).status_code == 404
    await add_member(deps, tenant.organization_id, other_tenant.user_id, "member")
    assert ">Coding agent<" not in (await owner.see("/connected-apps")).text


async def test_an_organization_keeps_an_owner_and_only_owners_make_owners(
    deps: Deps, tenant: Tenant, other_tenant: Tenant, owner: Visitor, guest: Visitor
) -> None:
    """ORG-5: the last owner can neither leave nor step down; an admin cannot rise."""
    for action, fields in (("role", {"role": "viewer"}), ("remove", {})):
        kept = await owner.submit("/members", f"/members/{tenant.user_id}/{action}", **fields)
        assert (kept.status_code, "needs an owner" in kept.text) == (409, True)
    await add_member(deps, tenant.organization_id, other_tenant.user_id, "admin")
    await guest.sign_in(deps, other_tenant)
    await guest.submit("/settings", f"/organizations/{tenant.organization_id}/switch")
    rising = await guest.submit("/members", f"/members/{other_tenant.user_id}/role", role="owner")
    ousting = await guest.submit("/members", f"/members/{tenant.user_id}/remove")
    inviting = await guest.submit("/members", "/members", email="friend@example.com", role="owner")
    assert (rising.status_code, ousting.status_code, inviting.status_code) == (403, 403, 403)
    assert (await owner.submit("/members", f"/members/{other_tenant.user_id}/role", role="owner")).status_code == 303
    assert (await guest.submit("/members", f"/members/{tenant.user_id}/role", role="member")).status_code == 303


async def test_a_revoked_invitation_is_worth_nothing(owner: Visitor, guest: Visitor) -> None:
    """ORG-5"""
    link = await invite(owner, "new@example.com")
    page = (await owner.see("/members")).text
    action = re.search(r'action="(/invitations/\w+/revoke)"', page)
    assert action
    assert (await owner.submit("/members", action[1])).status_code == 303
    assert (await guest.see(link)).status_code == 404


async def test_a_person_sees_their_apps_everywhere_and_ends_one(
    deps: Deps, tenant: Tenant, other_tenant: Tenant, owner: Visitor
) -> None:
    """ORG-5: name, host, organization and scopes of every app; disconnecting ends it, in whichever organization."""
    await add_member(deps, other_tenant.organization_id, tenant.user_id, "viewer")
    elsewhere = Tenant(other_tenant.organization_id, "", tenant.user_id, "", "")
    grant = await connected_app(elsewhere, deps)
    theirs = await connected_app(other_tenant, deps)
    page = (await owner.see("/connected-apps")).text
    for words in ("Coding agent", "127.0.0.1:39331", "See your organization, its settings and members"):
        assert words in page
    assert theirs not in page
    action = f"/connected-apps/{grant}/revoke"
    fields = {"organization_id": other_tenant.organization_id}
    assert (await owner.submit("/settings", f"/connected-apps/{theirs}/revoke", **fields)).status_code == 404
    assert (await owner.submit("/settings", action, **fields)).status_code == 303
    assert "No app is connected" in (await owner.see("/connected-apps")).text


async def test_a_key_ends_apps_only_with_the_right_to_change_the_account(deps: Deps, tenant: Tenant) -> None:
    """ORG-5: over REST; a key of the same person that may only look may only look."""
    grant = await connected_app(tenant, deps)
    async with rest_client(deps, tenant.key) as rest:
        made = {"name": "looks", "scopes": ["account:read"]}
        looks = (await rest.post("/v1/api-keys", json=made)).json()["key"]
        assert [app["id"] for app in (await rest.get("/v1/connected-apps")).json()["apps"]] == [grant]
        async with rest_client(deps, looks) as weak:
            assert (await weak.delete(f"/v1/connected-apps/{grant}")).status_code == 404
        assert (await rest.delete(f"/v1/connected-apps/{grant}")).status_code == 204
        assert (await rest.get("/v1/connected-apps")).json()["apps"] == []


async def test_signing_in_never_keeps_the_cookie_the_browser_came_with(
    deps: Deps, tenant: Tenant, guest: Visitor
) -> None:
    """ORG-5: a cookie that somebody else put there (session fixation) is worth nothing afterwards."""
    guest.client.cookies.set(SESSION_COOKIE, "chosen-by-somebody-else")
    await guest.sign_in(deps, tenant)
    fresh = [cookie.value for cookie in guest.client.cookies.jar if cookie.name == SESSION_COOKIE]
    async with deps.database.transaction(None, all_organizations=True) as db:
        assert await db.get(BrowserSession, deps.secrets.digest("chosen-by-somebody-else")) is None
    thief = visitor(deps)
    async with thief.client:
        thief.client.cookies.set(SESSION_COOKIE, "chosen-by-somebody-else")
        assert (await thief.see("/")).status_code == 303
    assert any(value and value != "chosen-by-somebody-else" for value in fresh)
