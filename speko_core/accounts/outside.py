"""People whom an outside OpenID provider vouches for, and which account here is theirs.

The provider's subject names a person, never the address: that may change hands. An account that exists already is
connected by its owner, signed in; it is found by address only where the provider says that the address is verified
and somebody proved here, too, to read its mail. Otherwise whoever made an account for somebody else's address, and
knows its password, would keep a way in.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts import invitations, sign_in
from speko_core.accounts.entry_models import OutsideIdentity
from speko_core.accounts.models import User
from speko_core.accounts.repository import user_by_email
from speko_core.deps import Deps
from speko_core.errors import Conflict, Forbidden
from speko_core.ids import new_id
from speko_core.organizations.founding import found

ORGANIZATION_NAME = "My organization"


@dataclass(frozen=True)
class OutsidePerson:
    """What the provider's checked ID token says."""

    issuer: str
    subject: str
    email: str
    email_verified: bool


async def enter(deps: Deps, person: OutsidePerson, *, client_ip: str = "") -> str:
    """Sign the person in, and let them in where they are invited; returns the cookie value.

    Raises:
        Forbidden: they are nobody here, or the account with their address is not known to be theirs.
    """
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        user = await _known(db, person, now) or await _by_address(db, person, now, client_ip)
        if user is not None:
            return await sign_in.open_session(db, deps, user.id, now)
    if deps.settings.sign_up != "open":
        raise Forbidden("Nobody has invited this address.", hint="Ask a member of the organization for an invitation.")
    return await _sign_up(deps, person)


async def connect(deps: Deps, user_id: str, person: OutsidePerson) -> None:
    """Let the signed-in person sign in by the provider from now on.

    Raises:
        Conflict: `IDENTITY_IN_USE`, another account has this identity.
    """
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        known = await _known(db, person, now)
        if known is not None and known.id != user_id:
            raise Conflict("Another account here signs in with this identity.", "IDENTITY_IN_USE")
        if known is None:
            _add(db, person, user_id, now)


async def is_connected(deps: Deps, user_id: str) -> bool:
    """True when the person may sign in by the provider that is configured."""
    mine = select(OutsideIdentity.subject).where(
        OutsideIdentity.user_id == user_id, OutsideIdentity.issuer == deps.settings.oidc_issuer
    )
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        return (await db.execute(mine.limit(1))).scalar_one_or_none() is not None


async def _known(db: AsyncSession, person: OutsidePerson, now: datetime) -> User | None:
    identity = await db.get(OutsideIdentity, (person.issuer, person.subject))
    if identity is None:
        return None
    identity.last_used_at = now
    return await db.get_one(User, identity.user_id)


async def _by_address(db: AsyncSession, person: OutsidePerson, now: datetime, client_ip: str) -> User | None:
    """Whose account the verified address names: one that exists, or one made because the address is invited."""
    if not person.email_verified:
        raise Forbidden("The provider has not verified your e-mail address.")
    user = await user_by_email(db, person.email)
    if user is not None and user.email_verified_at is None:
        hint = "Sign in to it, and connect it under Settings."
        raise Forbidden("There is an account with this address that is not connected.", hint=hint)
    if user is None:
        user = await _invited(db, person, now, client_ip)
    if user is not None:
        _add(db, person, user.id, now)
    return user


async def _invited(db: AsyncSession, person: OutsidePerson, now: datetime, client_ip: str) -> User | None:
    if not await invitations.is_invited(db, person.email, now):
        return None
    user = await sign_in.find_or_create_user(db, person.email, now)
    user.email_verified_at = now
    await invitations.accept_all(db, user, now, client_ip)
    return user


async def _sign_up(deps: Deps, person: OutsidePerson) -> str:
    now, organization_id = deps.clock.now(), new_id("org")
    async with deps.database.transaction(organization_id) as db:
        user = await sign_in.find_or_create_user(db, person.email, now)
        user.email_verified_at = now
        _add(db, person, user.id, now)
        ctx = await found(deps, db, organization_id, ORGANIZATION_NAME, user.id)
        cookie = await sign_in.open_session(db, deps, user.id, now)
    await ctx.run_after_commit()
    return cookie


def _add(db: AsyncSession, person: OutsidePerson, user_id: str, now: datetime) -> None:
    db.add(
        OutsideIdentity(issuer=person.issuer, subject=person.subject, user_id=user_id, created_at=now, last_used_at=now)
    )
