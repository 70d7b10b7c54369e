"""Signing in and out on the pages, and what other sites cannot do to it."""

import dataclasses
from collections.abc import AsyncIterator

import pytest

from speko_core.accounts import passwords, sign_in
from speko_core.accounts.models import User
from speko_core.deps import Deps
from tests.conftest import Tenant
from tests.gateway.web_visitor import Visitor, link_token, visitor

PASSWORD = "correct horse battery"


@pytest.fixture
async def person(deps: Deps) -> AsyncIterator[Visitor]:
    guest = visitor(deps)
    async with guest.client:
        yield guest


async def email_of(deps: Deps, tenant: Tenant) -> str:
    async with deps.database.transaction(None, all_organizations=True) as db:
        user = await db.get(User, tenant.user_id)
        assert user is not None
        return user.email


async def test_a_page_sends_a_stranger_to_sign_in_and_back(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """ORG-5: after signing in, people land where they wanted to go."""
    first = await person.see("/sessions?status=ended")
    assert (first.status_code, first.headers["location"]) == (303, "/sign-in?next=/sessions%3Fstatus%3Dended")
    token = await link_token(deps, tenant)
    answer = await person.submit(f"/sign-in?token={token}", "/sign-in", token=token, next="/sessions?status=ended")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions?status=ended")
    assert (await person.see("/sessions?status=ended")).status_code == 200


async def test_opening_a_link_does_not_use_it_up_but_signing_in_does(
    deps: Deps, tenant: Tenant, person: Visitor
) -> None:
    """ORG-5: a mail scanner or a preview that fetches the link must not spend it; a thief comes too late."""
    token = await link_token(deps, tenant)
    for _ in range(2):
        assert (await person.see(f"/sign-in?token={token}")).status_code == 200
    assert (await person.submit("/sign-in", "/sign-in", token=token)).status_code == 303
    thief = visitor(deps)
    async with thief.client:
        answer = await thief.submit("/sign-in", "/sign-in", token=token)
    assert answer.status_code == 401
    assert "used or expired" in answer.text


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\n/evil.example", ""],
)
async def test_signing_in_never_forwards_to_another_site(
    deps: Deps, tenant: Tenant, person: Visitor, target: str
) -> None:
    """ORG-5: `next` is a path here, or ignored."""
    token = await link_token(deps, tenant)
    answer = await person.submit("/sign-in", "/sign-in", token=token, next=target)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_wrong_password_says_nothing_about_the_address(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """ORG-5: known and unknown addresses get the same answer."""
    await passwords.set_password(deps, tenant.user_id, PASSWORD)
    known = await person.submit("/sign-in", "/sign-in", email=await email_of(deps, tenant), password="wrong")
    unknown = await person.submit("/sign-in", "/sign-in", email="nobody@example.com", password="wrong")
    assert known.status_code == unknown.status_code == 401
    assert "E-mail or password is wrong." in known.text
    assert "E-mail or password is wrong." in unknown.text


async def test_too_many_wrong_passwords_are_refused_with_the_time_to_wait(
    deps: Deps, tenant: Tenant, person: Visitor
) -> None:
    """ORG-5: guessing is slowed down, and the page says for how long."""
    await passwords.set_password(deps, tenant.user_id, PASSWORD)
    email = await email_of(deps, tenant)
    for _ in range(sign_in.PASSWORD_LIMIT.free):
        assert (await person.submit("/sign-in", "/sign-in", email=email, password="wrong")).status_code == 401
    answer = await person.submit("/sign-in", "/sign-in", email=email, password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_a_password_can_be_set_and_used(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """ORG-5: setting a password signs every browser out; it then signs in."""
    await person.sign_in(deps, tenant)
    short = await person.submit("/settings", "/settings/password", password="short")
    assert short.status_code == 400
    assert "at least" in short.text
    changed = await person.submit("/settings", "/settings/password", password=PASSWORD)
    assert (changed.status_code, changed.headers["location"]) == (303, "/sign-in")
    assert (await person.see("/")).status_code == 303
    answer = await person.submit("/sign-in", "/sign-in", email=await email_of(deps, tenant), password=PASSWORD)
    assert answer.status_code == 303
    assert (await person.see("/")).status_code == 200


async def test_signing_out_ends_the_session_on_the_server(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """ORG-5: a stolen cookie is worth nothing after sign-out."""
    await person.sign_in(deps, tenant)
    stolen = dict(person.client.cookies)
    assert (await person.submit("/", "/sign-out")).status_code == 303
    person.client.cookies.update(stolen)
    assert (await person.see("/")).headers["location"] == "/sign-in?next=/"


async def test_forms_without_the_page_token_or_from_another_site_are_refused(
    deps: Deps, tenant: Tenant, person: Visitor
) -> None:
    """ORG-5: another site cannot act through a signed-in browser, nor sign a browser in as somebody else."""
    token = await link_token(deps, tenant)
    assert (await person.client.post("/sign-in", data={"token": token})).status_code == 403
    await person.sign_in(deps, tenant)
    forged = await person.client.post("/keys", data={"name": "x", "mode": "live", "csrf": "guess", "once": "1"})
    assert forged.status_code == 403
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        person.client.headers.update(headers)
        assert (await person.submit("/keys", "/keys", name="x", mode="live")).status_code == 403
        for name in headers:
            del person.client.headers[name]
    assert "No keys yet" not in (await person.see("/keys")).text
    assert ">x<" not in (await person.see("/keys")).text


async def test_cookies_are_locked_down_and_bound_to_the_host_on_https(deps: Deps, tenant: Tenant) -> None:
    """ORG-5: scripts cannot read the session, other sites cannot send it, plain http cannot leak it."""
    for url, name, extra in (("", "speko_session", ""), ("https://voice.example", "__Host-speko_session", "; secure")):
        settings = deps.settings.model_copy(update={"public_url": url})
        guest = visitor(dataclasses.replace(deps, settings=settings))
        async with guest.client:
            # The test client does not return secure cookies over http, so the form is posted by hand.
            guest.client.base_url = "https://testserver" if url else "http://testserver"  # type: ignore[assignment]
            token = await link_token(deps, tenant)
            answer = await guest.submit("/sign-in", "/sign-in", token=token)
        cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(name))
        assert cookie.lower().endswith(f"httponly; max-age=1209600; path=/; samesite=lax{extra}")
        assert "domain" not in cookie.lower()


async def test_every_page_carries_the_security_headers(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """OPS-5: no inline code, no framing, nothing kept by caches."""
    await person.sign_in(deps, tenant)
    dashboard = ("/", "/talk", "/sessions", "/keys", "/settings", "/members", "/connected-apps", "/agents/nope")
    entrances = ("/talk/abc", "/sign-in?token=x", "/forgot-password", "/new-password?token=x", "/invitation?token=x")
    for path in (*dashboard, *entrances):
        answer = await person.see(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy, path
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert " style=" not in answer.text, path
        assert "<script>" not in answer.text
        assert " onclick=" not in answer.text
