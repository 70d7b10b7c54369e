"""Where a person lets an app in: the pending request, the decision, and the way back to the app.

The request is stored before sign-in and works once, for ten minutes. The person sees the app's name, the host they are
sent back to, and what it may do; they choose the organization it acts in.
"""

import secrets as random
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts import oauth_clients, repository
from speko_core.accounts.models import AuditEntry, Membership, Organization
from speko_core.accounts.oauth_models import OAuthClient, OAuthCode, OAuthGrant, OAuthRequest
from speko_core.accounts.roles import ROLE_SCOPES
from speko_core.deps import Deps
from speko_core.errors import Forbidden, NotFound
from speko_core.ids import new_id

REQUEST_TTL = timedelta(minutes=10)
CODE_TTL = timedelta(minutes=2)
# Used codes are kept so that a late second use is recognized.
CODES_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class NewRequest:
    """What an app asked for, already checked against its registration."""

    client_id: str
    redirect_uri: str
    redirect_uri_explicit: bool
    state: str | None
    scopes: tuple[str, ...]
    code_challenge: str
    resource: str
    toolsets: frozenset[str] | None = None


@dataclass(frozen=True)
class PendingRequest:
    """What the person is asked. `loopback` means that any program on their machine could be behind it.

    `toolsets` None leaves the choice of tools to the app.
    """

    request_id: str
    client_id: str
    client_name: str
    redirect_uri: str
    redirect_host: str
    scopes: tuple[str, ...]
    toolsets: tuple[str, ...] | None
    loopback: bool


@dataclass(frozen=True)
class OrganizationChoice:
    """An organization the person may let the app act in, and what their role lets it do there at most."""

    id: str
    name: str
    role: str
    scopes: frozenset[str]


async def store_request(deps: Deps, request: NewRequest) -> str:
    """Keep a request until the person decides; returns its id, which is stored as a digest."""
    now = deps.clock.now()
    request_id = random.token_urlsafe(32)
    async with deps.database.transaction(None, all_organizations=True) as db:
        await db.execute(delete(OAuthRequest).where(OAuthRequest.expires_at < now))
        await db.execute(delete(OAuthCode).where(OAuthCode.expires_at < now - CODES_KEPT))
        db.add(
            OAuthRequest(
                digest=deps.secrets.digest(request_id),
                client_id=request.client_id,
                redirect_uri=request.redirect_uri,
                redirect_uri_explicit=request.redirect_uri_explicit,
                state=request.state,
                scopes=list(request.scopes),
                toolsets=None if request.toolsets is None else sorted(request.toolsets),
                code_challenge=request.code_challenge,
                resource=request.resource,
                created_at=now,
                expires_at=now + REQUEST_TTL,
            )
        )
    return request_id


async def load_request(deps: Deps, request_id: str) -> PendingRequest:
    """What to ask the person.

    Raises:
        NotFound: the request is unknown, expired or already decided.
    """
    statement = (
        select(OAuthRequest, OAuthClient)
        .join(OAuthClient, OAuthClient.id == OAuthRequest.client_id)
        .where(OAuthRequest.digest == deps.secrets.digest(request_id))
    )
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        found = (await db.execute(statement)).one_or_none()
    if found is None or found[0].used_at is not None or found[0].expires_at <= deps.clock.now():
        raise _gone()
    row, client = found
    return PendingRequest(
        request_id=request_id,
        client_id=client.id,
        client_name=client.name or "An unnamed app",
        redirect_uri=row.redirect_uri,
        redirect_host=oauth_clients.redirect_host(row.redirect_uri),
        scopes=tuple(row.scopes),
        toolsets=None if row.toolsets is None else tuple(row.toolsets),
        loopback=oauth_clients.is_loopback(row.redirect_uri),
    )


async def organizations_of(deps: Deps, user_id: str) -> tuple[OrganizationChoice, ...]:
    """The organizations of a person, oldest membership first."""
    statement = (
        select(Organization, Membership.role)
        .join(Membership, Membership.organization_id == Organization.id)
        .where(Membership.user_id == user_id)
        .order_by(Membership.created_at, Membership.id)
    )
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        rows = (await db.execute(statement)).all()
    return tuple(OrganizationChoice(row.id, row.name, role, ROLE_SCOPES[role]) for row, role in rows)


async def approve(deps: Deps, request_id: str, user_id: str, organization_id: str, *, client_ip: str = "") -> str:
    """Let the app in and return where to send the person: back to the app, with a code.

    Raises:
        NotFound: the request cannot be decided any more, or the person is no member of the organization.
        Forbidden: the person's role holds nothing of what the app asks for.
    """
    now = deps.clock.now()
    code = random.token_urlsafe(32)
    async with deps.database.transaction(None, all_organizations=True) as db:
        request = await _claim(db, deps, request_id, now)
        member = await repository.membership(db, organization_id, user_id)
        if member is None:
            raise NotFound("not found", hint="Choose one of your organizations.")
        scopes = [scope for scope in request.scopes if scope in ROLE_SCOPES[member.role]]
        if not scopes:
            raise Forbidden("Your role in this organization holds nothing of what the app asks for.")
        grant = await _grant(db, request, member, scopes, now)
        db.add(_code(deps.secrets.digest(code), grant, request, now))
        db.add(_audit(grant, client_ip, now))
    return callback(request.redirect_uri, deps.settings.base_url, code=code, state=request.state)


async def deny(deps: Deps, request_id: str) -> str:
    """Refuse the app and return where to send the person: back to the app, without a code.

    Raises:
        NotFound: the request cannot be decided any more.
    """
    async with deps.database.transaction(None, all_organizations=True) as db:
        request = await _claim(db, deps, request_id, deps.clock.now())
    description = "The person refused."
    return callback(
        request.redirect_uri,
        deps.settings.base_url,
        error="access_denied",
        error_description=description,
        state=request.state,
    )


def callback(redirect_uri: str, issuer: str, **parameters: str | None) -> str:
    """The app's address with our answer; `iss` says who answers (RFC 9207). Its own query stays byte for byte."""
    answer = {name: value for name, value in {**parameters, "iss": issuer}.items() if value is not None}
    parts = urlsplit(redirect_uri)
    kept = [part for part in parts.query.split("&") if part and part.partition("=")[0] not in answer]
    return urlunsplit(parts._replace(query="&".join([*kept, urlencode(answer)])))


async def _claim(db: AsyncSession, deps: Deps, request_id: str, now: datetime) -> OAuthRequest:
    digest = deps.secrets.digest(request_id)
    unused = (
        update(OAuthRequest)
        .where(OAuthRequest.digest == digest, OAuthRequest.used_at.is_(None), OAuthRequest.expires_at > now)
        .values(used_at=now)
        .returning(OAuthRequest.digest)
    )
    if (await db.execute(unused)).scalar_one_or_none() is None:
        raise _gone()
    return await db.get_one(OAuthRequest, digest)


def _gone() -> NotFound:
    return NotFound("This request is expired or already decided.", hint="Start again from the app.")


async def _grant(
    db: AsyncSession, request: OAuthRequest, member: Membership, scopes: list[str], now: datetime
) -> OAuthGrant:
    client = await db.get_one(OAuthClient, request.client_id)
    grant = OAuthGrant(
        id=new_id("grant"),
        organization_id=member.organization_id,
        user_id=member.user_id,
        client_id=client.id,
        client_name=client.name,
        redirect_host=oauth_clients.redirect_host(request.redirect_uri)[:255],
        scopes=scopes,
        toolsets=request.toolsets,
        resource=request.resource,
        created_at=now,
        last_used_at=now,
    )
    db.add(grant)
    await oauth_clients.touch(db, client.id, now)
    await db.flush()
    return grant


def _code(digest: str, grant: OAuthGrant, request: OAuthRequest, now: datetime) -> OAuthCode:
    return OAuthCode(
        digest=digest,
        grant_id=grant.id,
        redirect_uri=request.redirect_uri,
        redirect_uri_explicit=request.redirect_uri_explicit,
        code_challenge=request.code_challenge,
        created_at=now,
        expires_at=now + CODE_TTL,
    )


def _audit(grant: OAuthGrant, client_ip: str, now: datetime) -> AuditEntry:
    return AuditEntry(
        id=new_id("audit"),
        organization_id=grant.organization_id,
        operation="oauth.approve",
        resource_id=grant.id,
        actor_kind="user",
        actor_id=grant.user_id,
        door="web",
        client_ip=client_ip,
        created_at=now,
    )
