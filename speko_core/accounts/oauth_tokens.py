"""Tokens of connected apps: issued from a code, rotated at every refresh, revoked at once.

Tokens are opaque (256 random bits) and stored as keyed digests. A refresh token works once; using it again later means
that it was stolen, and ends the whole grant. Within `REPLAY_WINDOW` the same successor is answered again, because
several processes of one client may refresh at the same moment.
"""

import json
import secrets as random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.oauth import ACCESS_PREFIX, ACCESS_TTL, REFRESH_PREFIX, REFRESH_TTL
from speko_core.accounts.oauth_models import OAuthCode, OAuthGrant, OAuthToken
from speko_core.deps import Deps
from speko_core.ports.secrets import Secrets

REPLAY_WINDOW = timedelta(seconds=20)


@dataclass(frozen=True)
class Issued:
    """A pair of tokens in the clear; the only moment they exist."""

    access_token: str
    refresh_token: str
    scopes: tuple[str, ...]
    expires_in_s: int


@dataclass(frozen=True)
class Code:
    """An authorization code that may still be used."""

    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    redirect_uri: str
    redirect_uri_explicit: bool
    code_challenge: str
    resource: str


@dataclass(frozen=True)
class Refresh:
    """A refresh token that may still be used, or was used a moment ago."""

    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    resource: str


async def find_code(deps: Deps, code: str) -> Code | None:
    """The facts of a usable code. A code that was used before ends its grant: somebody else holds it too."""
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        row = await db.get(OAuthCode, deps.secrets.digest(code))
        grant = None if row is None else await db.get(OAuthGrant, row.grant_id)
        if row is None or grant is None:
            return None
        if row.used_at is not None:
            await _revoke(db, grant.id, now)
            return None
        if row.expires_at <= now or grant.revoked_at is not None:
            return None
        return Code(
            grant.client_id, grant.user_id, tuple(grant.scopes), row.redirect_uri, row.redirect_uri_explicit,
            row.code_challenge, grant.resource,
        )  # fmt: skip


async def exchange_code(deps: Deps, code: str) -> Issued | None:
    """Use a code up. None when another request was faster, which ends the grant."""
    now = deps.clock.now()
    digest = deps.secrets.digest(code)
    async with deps.database.transaction(None, all_organizations=True) as db:
        row = await db.get(OAuthCode, digest)
        if row is None:
            return None
        claimed = update(OAuthCode).where(OAuthCode.digest == digest, OAuthCode.used_at.is_(None)).values(used_at=now)
        if (await db.execute(claimed.returning(OAuthCode.digest))).scalar_one_or_none() is None:
            await _revoke(db, row.grant_id, now)
            return None
        grant = await db.get_one(OAuthGrant, row.grant_id)
        return await _issue(db, deps.secrets, grant, tuple(grant.scopes), now)


async def find_refresh(deps: Deps, token: str) -> Refresh | None:
    """The facts of a usable refresh token. One that was used before the replay window ends its grant."""
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        row = await db.get(OAuthToken, deps.secrets.digest(token))
        if row is None or row.kind != "refresh":
            return None
        grant = await db.get_one(OAuthGrant, row.grant_id)
        if row.used_at is not None and now - row.used_at > REPLAY_WINDOW:
            await _revoke(db, grant.id, now)
            return None
        if row.expires_at <= now or grant.revoked_at is not None:
            return None
        return Refresh(grant.client_id, grant.user_id, tuple(row.scopes), grant.resource)


async def rotate(deps: Deps, token: str, scopes: tuple[str, ...]) -> Issued | None:
    """Replace a refresh token. None when it cannot be used any more.

    The successor keeps the scopes of the grant, so that a client that asked for less once is not stuck with less.
    """
    now = deps.clock.now()
    digest = deps.secrets.digest(token)
    claim = (
        update(OAuthToken)
        .where(OAuthToken.digest == digest, OAuthToken.kind == "refresh", OAuthToken.used_at.is_(None))
        .values(used_at=now)
        .returning(OAuthToken.grant_id)
    )
    async with deps.database.transaction(None, all_organizations=True) as db:
        grant_id = (await db.execute(claim)).scalar_one_or_none()
        if grant_id is None:
            return await _replayed(db, deps.secrets, digest, now)
        grant = await db.get_one(OAuthGrant, grant_id)
        if grant.revoked_at is not None:
            return None
        issued = await _issue(db, deps.secrets, grant, scopes, now)
        used = update(OAuthToken).where(OAuthToken.digest == digest)
        await db.execute(used.values(successor=_seal(deps.secrets, issued, digest)))
        return issued


async def revoke(deps: Deps, token: str, client_id: str) -> None:
    """End the grant behind a token of this client; unknown tokens are ignored (RFC 7009)."""
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        row = await db.get(OAuthToken, deps.secrets.digest(token))
        grant = None if row is None else await db.get(OAuthGrant, row.grant_id)
        if grant is not None and grant.client_id == client_id:
            await _revoke(db, grant.id, now)


async def revoke_all(db: AsyncSession, user_id: str, now: datetime, organization_id: str | None = None) -> None:
    """End every grant of a person, or those in one organization."""
    grants = update(OAuthGrant).where(OAuthGrant.user_id == user_id, OAuthGrant.revoked_at.is_(None))
    if organization_id is not None:
        grants = grants.where(OAuthGrant.organization_id == organization_id)
    await db.execute(grants.values(revoked_at=now))


async def _replayed(db: AsyncSession, secrets: Secrets, digest: str, now: datetime) -> Issued | None:
    row = await db.get(OAuthToken, digest, populate_existing=True)
    if row is None or row.used_at is None:
        return None
    grant = await db.get_one(OAuthGrant, row.grant_id)
    if grant.revoked_at is None and row.successor is not None and now - row.used_at <= REPLAY_WINDOW:
        return _open(secrets, row.successor, digest)
    await _revoke(db, row.grant_id, now)
    return None


async def _issue(
    db: AsyncSession, secrets: Secrets, grant: OAuthGrant, scopes: tuple[str, ...], now: datetime
) -> Issued:
    await db.execute(delete(OAuthToken).where(OAuthToken.grant_id == grant.id, OAuthToken.expires_at < now))
    access = ACCESS_PREFIX + random.token_urlsafe(32)
    refresh = REFRESH_PREFIX + random.token_urlsafe(32)
    for raw, kind, held, ttl in (
        (access, "access", list(scopes), ACCESS_TTL),
        (refresh, "refresh", list(grant.scopes), REFRESH_TTL),
    ):
        db.add(
            OAuthToken(
                digest=secrets.digest(raw), kind=kind, grant_id=grant.id, scopes=held, created_at=now,
                expires_at=now + ttl,
            )
        )  # fmt: skip
    grant.last_used_at = now
    return Issued(access, refresh, scopes, int(ACCESS_TTL.total_seconds()))


async def _revoke(db: AsyncSession, grant_id: str, now: datetime) -> None:
    grant = update(OAuthGrant).where(OAuthGrant.id == grant_id, OAuthGrant.revoked_at.is_(None))
    await db.execute(grant.values(revoked_at=now))


def _seal(secrets: Secrets, issued: Issued, digest: str) -> bytes:
    pair = json.dumps([issued.access_token, issued.refresh_token, issued.scopes, issued.expires_in_s])
    return secrets.seal(pair.encode(), bound_to=f"oauth_tokens/{digest}")


def _open(secrets: Secrets, sealed: bytes, digest: str) -> Issued:
    access, refresh, scopes, expires_in_s = json.loads(secrets.open(sealed, bound_to=f"oauth_tokens/{digest}"))
    return Issued(access, refresh, tuple(scopes), expires_in_s)
