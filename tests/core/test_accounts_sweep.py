"""What signing in leaves behind goes when nobody can use it any more, and not before."""

from datetime import datetime, timedelta

from sqlalchemy import inspect, select

from speko_core.accounts.entry_models import MailedLink, OpenInvitation
from speko_core.accounts.models import BrowserSession, SignInFailure
from speko_core.accounts.oauth_models import OAuthClient, OAuthCode, OAuthGrant, OAuthRequest, OAuthToken
from speko_core.db.base import Base
from speko_core.privacy.retention import sweep
from tests.conftest import Tenant
from tests.core.test_jobs import Later, later

__all__ = ["later"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KINDS = (
    BrowserSession, MailedLink, OpenInvitation, SignInFailure, OAuthRequest, OAuthCode, OAuthToken, OAuthGrant,
    OAuthClient,
)  # fmt: skip


def client(name: str, now: datetime, used: datetime | None) -> OAuthClient:
    """An app that registered long ago."""
    document = {"redirect_uris": ["https://app.example/back"]}
    return OAuthClient(
        id=name, kind="registered", name=name, document=document, created_at=now - 100 * DAY, last_used_at=used
    )


def grant(name: str, tenant: Tenant, now: datetime, **more: object) -> OAuthGrant:
    """What a person allowed an app, long ago."""
    facts = {
        "client_id": "used", "client_name": "App", "redirect_host": "app.example", "scopes": ["agents:read"],
        "resource": "http://127.0.0.1/mcp", "created_at": now - 99 * DAY, "last_used_at": now - 99 * DAY,
    }  # fmt: skip
    owner = {"organization_id": tenant.organization_id, "user_id": tenant.user_id}
    return OAuthGrant(id=name, **{**owner, **facts, **more})


def people(tenant: Tenant, now: datetime) -> list[Base]:
    """One of each that is over and one that is not, of what people leave."""
    rows: list[Base] = []
    for name, expires in (("over", now - HOUR), ("open", now + HOUR)):
        times = {"created_at": now - 9 * DAY, "expires_at": expires}
        browser = {"acting_organization_id": tenant.organization_id, "csrf_secret": "c", "last_seen_at": now}
        invited = {"organization_id": tenant.organization_id, "email": f"{name}@example.com", "role": "member"}
        rows += [
            BrowserSession(digest=name, user_id=tenant.user_id, **browser, **times),
            MailedLink(digest=name, purpose="reset", email="a@example.com", **times),
            OpenInvitation(id=name, digest=name, **invited, **times),
            SignInFailure(subject=name, count=1, updated_at=expires - DAY, locked_until=None),
        ]
    return rows


def apps(tenant: Tenant, now: datetime) -> list[Base]:
    """The same of what apps leave; grants and apps last as long as something of theirs is usable."""
    asked = {
        "client_id": "used", "redirect_uri": "https://app.example/back", "redirect_uri_explicit": True,
        "code_challenge": "c", "created_at": now - 2 * DAY,
    }  # fmt: skip
    code = {name: value for name, value in asked.items() if name != "client_id"}
    rows: list[Base] = [
        client("used", now, now - 99 * DAY), client("over", now, None), client("idle", now, now - 91 * DAY),
        grant("open", tenant, now), grant("over", tenant, now),
        grant("revoked", tenant, now, revoked_at=now - 31 * DAY, last_used_at=now - 32 * DAY),
        grant("fresh", tenant, now, revoked_at=now - DAY, last_used_at=now - DAY),
    ]  # fmt: skip
    for name, expires in (("over", now - DAY - HOUR), ("open", now + HOUR)):
        rows += [
            OAuthRequest(digest=name, scopes=[], resource="r", expires_at=expires, **asked),
            OAuthCode(digest=name, grant_id="open", expires_at=expires, **code),
            OAuthToken(
                digest=name, kind="refresh", grant_id="open", scopes=[], created_at=now - 9 * DAY, expires_at=expires
            ),
        ]
    return rows


async def test_everything_goes_when_it_is_over_and_nothing_before(later: Later, tenant: Tenant) -> None:
    """OPS-4"""
    now = later.clock.now()
    async with later.deps.database.transaction(None, all_organizations=True) as db:
        db.add_all(people(tenant, now))
        for kind in (OAuthClient, OAuthGrant, OAuthRequest, OAuthCode, OAuthToken):
            db.add_all(row for row in apps(tenant, now) if isinstance(row, kind))
            await db.flush()
    report = await sweep(later.deps, {})
    again = await sweep(later.deps, {})
    async with later.deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        left = {kind: {key(row) for row in (await db.execute(select(kind))).scalars()} for kind in KINDS}
    assert left.pop(OAuthGrant) == {"open", "fresh"}
    assert left.pop(OAuthClient) == {"used"}
    assert {kind.__name__: keys for kind, keys in left.items() if keys != {"open"}} == {}
    assert (report["oauthGrants"], report["oauthClients"], report["mailedLinks"]) == (2, 2, 1)
    assert again["oauthGrants"] == again["invitations"] == 0


def key(row: Base) -> object:
    """What a row is found by."""
    return inspect(row).identity[0]
