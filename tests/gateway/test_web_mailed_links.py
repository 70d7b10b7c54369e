"""A new password and a new account by mail."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from speko_core.accounts import mailed_links, outside, passwords
from speko_core.accounts.entry_models import MailedLink, OutsideIdentity
from speko_core.accounts.models import User
from speko_core.accounts.outside import OutsidePerson
from speko_core.accounts.repository import user_by_email
from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite, rest_client
from tests.connected_app import connected_app
from tests.gateway.mailbox import Mailbox
from tests.gateway.web_visitor import Visitor, visitor

pytestmark = on_sqlite
PASSWORD = "correct horse battery"
NEWER = "a newer horse battery"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(name="house")
def deps_with_mail(deps: Deps, mailbox: Mailbox) -> Deps:
    """An installation that sends mail and lets anybody sign up."""
    settings = deps.settings.model_copy(update={"sign_up": "open"})
    return dataclasses.replace(deps, mail=mailbox, settings=settings)


@pytest.fixture
async def person(house: Deps) -> AsyncIterator[Visitor]:
    guest = visitor(house)
    async with guest.client:
        yield guest


async def email_of(deps: Deps, tenant: Tenant) -> str:
    async with deps.database.transaction(None, all_organizations=True) as db:
        return (await db.get_one(User, tenant.user_id)).email


async def ask(person: Visitor, email: str) -> str:
    answer = await person.submit("/forgot-password", "/forgot-password", email=email)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_forgotten_password_is_replaced_and_everything_open_ends(
    house: Deps, tenant: Tenant, person: Visitor, mailbox: Mailbox
) -> None:
    """ORG-5: browsers and apps of before are out, the link works once, and the new password signs in."""
    await passwords.set_password(house, tenant.user_id, PASSWORD)
    email = await email_of(house, tenant)
    left_open = visitor(house)
    await left_open.sign_in(house, tenant)
    await connected_app(tenant, house)
    await ask(person, email.upper())
    link = mailbox.link()
    token = link.partition("=")[2]
    assert email in (await person.see(link)).text
    short = await person.submit(link, "/new-password", token=token, password="short")
    assert (short.status_code, "at least" in short.text) == (400, True)
    saved = await person.submit(link, "/new-password", token=token, password=NEWER)
    assert (saved.status_code, saved.headers["location"]) == (303, "/sign-in?done=password")
    assert (await left_open.see("/")).status_code == 303
    await left_open.client.aclose()
    async with rest_client(house, tenant.key) as rest:
        assert (await rest.get("/v1/connected-apps")).json()["apps"] == []
    assert (await person.see(link)).status_code == 404
    assert (await person.submit("/sign-in", "/sign-in", email=email, password=PASSWORD)).status_code == 401
    assert (await person.submit("/sign-in", "/sign-in", email=email, password=NEWER)).status_code == 303


async def test_asking_says_nothing_about_the_address_and_a_stranger_gets_no_mail(
    house: Deps, tenant: Tenant, person: Visitor, mailbox: Mailbox
) -> None:
    """ORG-5: the same page for both, and work that depends on the address comes after the answer."""
    known, unknown = await ask(person, await email_of(house, tenant)), await ask(person, "nobody@example.com")
    assert known == unknown
    assert [mail.to for mail in mailbox.sent] == [await email_of(house, tenant)]


async def test_nobody_can_fill_a_mailbox_or_ask_all_day(
    house: Deps, tenant: Tenant, person: Visitor, mailbox: Mailbox
) -> None:
    """ORG-5: few open links to one address; few requests from one machine, then a time to wait."""
    email = await email_of(house, tenant)
    for _ in range(mailed_links.ASKING_LIMIT.free):
        await ask(person, email)
    assert len(mailbox.sent) == mailed_links.OPEN_LINKS
    refused = await person.submit("/forgot-password", "/forgot-password", email=email)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0


async def test_a_link_expires_and_fits_its_purpose_only(
    house: Deps, tenant: Tenant, person: Visitor, mailbox: Mailbox
) -> None:
    """ORG-5"""
    await ask(person, await email_of(house, tenant))
    token = mailbox.link().partition("=")[2]
    assert (await person.see(f"/join?token={token}")).status_code == 404
    stolen = await person.submit("/sign-in", "/sign-in", token=token)
    assert stolen.status_code == 401
    async with house.database.transaction(None, all_organizations=True) as db:
        await db.execute(update(MailedLink).values(expires_at=house.clock.now() - timedelta(seconds=1)))
    assert (await person.submit("/sign-in", "/new-password", token=token, password=NEWER)).status_code == 404


async def test_without_a_mail_server_the_page_says_how_to_get_in(deps: Deps, tenant: Tenant) -> None:
    """ORG-5: the operator's command, and no form that would do nothing."""
    guest = visitor(deps)
    async with guest.client:
        page = (await guest.see("/forgot-password")).text
        assert "speko sign-in-link --email" in page
        assert "<form" not in page
        assert (await guest.see("/sign-up")).status_code == 404
        assert (await guest.submit("/sign-in", "/sign-up", email="a@example.com")).status_code == 404


async def test_somebody_new_makes_an_account_with_an_organization_of_their_own(
    house: Deps, tenant: Tenant, person: Visitor, mailbox: Mailbox
) -> None:
    """ORG-5, ORG-2: proved by mail; the organization has its Default agent, and nobody else's data."""
    await person.submit("/sign-up", "/sign-up", email="New@Example.com")
    link = mailbox.link()
    token = link.partition("=")[2]
    nameless = await person.submit(link, "/join", token=token, organization=" ", password=PASSWORD)
    assert nameless.status_code == 400
    joined = await person.submit(link, "/join", token=token, organization="Tulips Ltd", password=PASSWORD)
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    page = (await person.see("/")).text
    assert "Tulips Ltd" in page
    assert page.count("Talk to Default") == 1
    assert (await person.see(link)).status_code == 404
    async with house.database.transaction(None, all_organizations=True) as db:
        user = await user_by_email(db, "new@example.com")
    assert user is not None
    assert user.email_verified_at is not None


async def test_signing_up_with_a_known_address_tells_its_owner_only(
    house: Deps, tenant: Tenant, person: Visitor, mailbox: Mailbox
) -> None:
    """ORG-5: the page is the same as for a new address."""
    email = await email_of(house, tenant)
    known = (await person.submit("/sign-up", "/sign-up", email=email)).text
    assert "You have an account already" in mailbox.sent[-1].text
    assert "token=" not in mailbox.sent[-1].text
    assert known == (await person.submit("/sign-up", "/sign-up", email="other@example.com")).text


@pytest.mark.parametrize("email", ["me@example.com, you@example.com", "me", "a@b.example\nBcc: you@example.com"])
async def test_one_mail_goes_to_one_address(house: Deps, person: Visitor, mailbox: Mailbox, email: str) -> None:
    """ORG-5: nobody proves an address by having its link sent to themselves as well."""
    refused = await person.submit("/sign-up", "/sign-up", email=email)
    assert (refused.status_code, "not an e-mail address" in refused.text) == (400, True)
    assert mailbox.sent == []


async def test_who_proves_an_address_shakes_off_whoever_took_it_before(
    house: Deps, tenant: Tenant, person: Visitor, mailbox: Mailbox
) -> None:
    """ORG-5: an identity connected before the address was proved may be a stranger's; later ones stay."""
    email = await email_of(house, tenant)
    stranger = OutsidePerson("https://login.example.com", "stranger", email, email_verified=False)
    for left in (False, True):
        await outside.connect(house, tenant.user_id, stranger)
        await ask(person, email)
        token = mailbox.link().partition("=")[2]
        await person.submit("/sign-in", "/new-password", token=token, password=NEWER)
        async with house.database.transaction(None, all_organizations=True) as db:
            assert (await db.get(OutsideIdentity, (stranger.issuer, stranger.subject)) is not None) is left


async def test_changing_a_password_takes_the_present_one(house: Deps, tenant: Tenant, person: Visitor) -> None:
    """ORG-5: a browser left open is not enough."""
    await passwords.set_password(house, tenant.user_id, PASSWORD)
    await person.sign_in(house, tenant)
    wrong = await person.submit("/settings", "/settings/password", current="a guess", password=NEWER)
    assert (wrong.status_code, "is not your password" in wrong.text) == (400, True)
    right = await person.submit("/settings", "/settings/password", current=PASSWORD, password=NEWER)
    assert right.headers["location"] == "/sign-in"
