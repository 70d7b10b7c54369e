"""How people sign in: password or single-use link, and the browser session that follows.

These functions take the open transaction and the ports directly: nobody is signed in yet, so there is no `Ctx`.
"""

import secrets as random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts import passwords, throttle
from speko_core.accounts.models import BrowserSession, Membership, SignInLink, User
from speko_core.accounts.repository import user_by_email
from speko_core.accounts.roles import ROLE_SCOPES
from speko_core.deps import Deps
from speko_core.errors import Unauthorized
from speko_core.ids import new_id
from speko_core.ports.secrets import Secrets
from speko_core.principal import Principal

LINK_TTL = timedelta(hours=24)
SESSION_TTL = timedelta(days=14)
PASSWORD_LIMIT = throttle.Limit("password", 5, "Too many wrong attempts for this address.")


@dataclass(frozen=True)
class Browser:
    """A signed-in browser: the user, the acting organization's principal, the CSRF secret of its forms."""

    user: User
    principal: Principal
    csrf: str


async def find_or_create_user(db: AsyncSession, email: str, now: datetime) -> User:
    """The user with this address; created without a password when new."""
    user = await user_by_email(db, email)
    if user is None:
        user = User(id=new_id("user"), email=email.strip().lower(), created_at=now, updated_at=now)
        db.add(user)
        await db.flush()
    return user


async def create_link(
    db: AsyncSession, secrets: Secrets, user_id: str, now: datetime, ttl: timedelta = LINK_TTL
) -> tuple[str, datetime]:
    """Mint a single-use link token; returned once, stored as a digest."""
    token = random.token_urlsafe(32)
    db.add(SignInLink(digest=secrets.digest(token), user_id=user_id, created_at=now, expires_at=now + ttl))
    await db.flush()
    return token, now + ttl


async def by_link(deps: Deps, token: str) -> str:
    """Consume a link and open a browser session; returns the cookie value.

    Raises:
        Unauthorized: the link is unknown, used or expired.
    """
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        used = (
            update(SignInLink)
            .where(
                SignInLink.digest == deps.secrets.digest(token),
                SignInLink.used_at.is_(None),
                SignInLink.expires_at > now,
            )
            .values(used_at=now)
            .returning(SignInLink.user_id)
        )
        user_id = (await db.execute(used)).scalar_one_or_none()
        if user_id is None:
            raise Unauthorized("This sign-in link is used or expired.", hint="Make one with `speko sign-in-link`.")
        return await open_session(db, deps, user_id, now)


async def by_password(deps: Deps, email: str, password: str) -> str:
    """Check a password and open a browser session; returns the cookie value.

    Raises:
        RateLimited: too many wrong attempts for this address.
        Unauthorized: address or password is wrong; the answer does not say which.
    """
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        await throttle.refuse_when_locked(db, PASSWORD_LIMIT, email, now)
        user = await user_by_email(db, email)
    correct = await passwords.verify(user, password)
    async with deps.database.transaction(None, all_organizations=True) as db:
        # Read again: a password that was replaced while this one was checked lets nobody in.
        present = await user_by_email(db, email)
        if correct and user is not None and present is not None and present.password_hash == user.password_hash:
            await throttle.forget(db, PASSWORD_LIMIT, email)
            return await open_session(db, deps, user.id, now)
        await throttle.count(db, PASSWORD_LIMIT, email, now)
    raise Unauthorized("E-mail or password is wrong.")


async def browser(deps: Deps, cookie: str) -> Browser | None:
    """The signed-in browser behind a cookie, or None."""
    now = deps.clock.now()
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        session = await db.get(BrowserSession, deps.secrets.digest(cookie))
        if session is None or session.expires_at <= now:
            return None
        user = await db.get(User, session.user_id)
        role = await _role(db, session.acting_organization_id, session.user_id)
    if user is None or role is None:
        return None
    principal = Principal(
        "user", user.id, session.acting_organization_id, ROLE_SCOPES[role], "live", user.id, user.email
    )
    return Browser(user, principal, session.csrf_secret)


async def switch_organization(deps: Deps, cookie: str, organization_id: str) -> None:
    """Act in another organization of the user.

    Raises:
        Unauthorized: the user is no member of it.
    """
    async with deps.database.transaction(None, all_organizations=True) as db:
        session = await db.get(BrowserSession, deps.secrets.digest(cookie))
        if session is None or await _role(db, organization_id, session.user_id) is None:
            raise Unauthorized("You are not a member of this organization.")
        session.acting_organization_id = organization_id


async def sign_out(deps: Deps, cookie: str) -> None:
    """End the browser session; the cookie stops working."""
    async with deps.database.transaction(None, all_organizations=True) as db:
        await db.execute(delete(BrowserSession).where(BrowserSession.digest == deps.secrets.digest(cookie)))


async def _role(db: AsyncSession, organization_id: str, user_id: str) -> str | None:
    statement = select(Membership.role).where(
        Membership.organization_id == organization_id, Membership.user_id == user_id
    )
    return (await db.execute(statement)).scalar_one_or_none()


async def open_session(db: AsyncSession, deps: Deps, user_id: str, now: datetime) -> str:
    """Sign a browser in, acting in the person's first organization; returns the cookie value.

    Raises:
        Unauthorized: the person belongs to no organization.
    """
    first = select(Membership.organization_id).where(Membership.user_id == user_id).order_by(Membership.created_at)
    organization_id = (await db.execute(first.limit(1))).scalar_one_or_none()
    if organization_id is None:
        raise Unauthorized("You are not a member of any organization.")
    cookie = random.token_urlsafe(32)
    db.add(
        BrowserSession(
            digest=deps.secrets.digest(cookie),
            user_id=user_id,
            acting_organization_id=organization_id,
            csrf_secret=random.token_urlsafe(24),
            created_at=now,
            expires_at=now + SESSION_TTL,
            last_seen_at=now,
        )
    )
    return cookie
