"""Invitations: made by members, answered by the person they name.

An invitation signs nobody in: whoever made it, or finds it, must not get into the account of the person invited. Who
has an account signs in as usual and joins; who has none makes one while joining.
"""

import secrets as random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts import members, passwords, repository, sign_in
from speko_core.accounts.entry_models import OpenInvitation
from speko_core.accounts.models import AuditEntry, Membership, Organization, User
from speko_core.accounts.roles import ROLE_SCOPES
from speko_core.accounts.schemas import (
    Invitation,
    InvitationList,
    InvitationRef,
    InvitationRow,
    MemberInvite,
    RoleName,
)  # fmt: skip
from speko_core.context import Ctx
from speko_core.deps import Deps
from speko_core.errors import Conflict, Forbidden, NotFound
from speko_core.ids import new_id
from speko_core.schemas import Nothing

TTL = timedelta(days=7)


@dataclass(frozen=True)
class Invited:
    """What the invited person is shown; `has_account` says whether they sign in or make an account."""

    organization_id: str
    organization_name: str
    email: str
    role: str
    has_account: bool


async def invite(ctx: Ctx, data: MemberInvite) -> Invitation:
    """Ask a person to join. An earlier invitation of the same address ends.

    Raises:
        Forbidden: the role may do more than the inviter may.
        Conflict: `ALREADY_A_MEMBER`.
    """
    if not ROLE_SCOPES[data.role] <= ctx.principal.scopes:
        raise Forbidden("You cannot give a role that may do more than you may.")
    await members.check_may_assign(ctx, (data.role,))
    email = str(data.email).strip().lower()
    user = await repository.user_by_email(ctx.db, email)
    if user is not None and await repository.membership(ctx.db, ctx.organization_id, user.id) is not None:
        raise Conflict("This person is already a member.", "ALREADY_A_MEMBER")
    await ctx.db.execute(delete(OpenInvitation).where(OpenInvitation.email == email))
    token = random.token_urlsafe(32)
    row = OpenInvitation(
        id=new_id("invite"),
        organization_id=ctx.organization_id,
        digest=ctx.deps.secrets.digest(token),
        email=email,
        role=data.role,
        invited_by=ctx.principal.user_id,
        created_at=ctx.now(),
        expires_at=ctx.now() + TTL,
    )
    ctx.db.add(row)
    await ctx.db.flush()
    return Invitation(**_row(row).model_dump(), url=f"{ctx.deps.settings.base_url}/invitation?token={token}")


async def list_open(ctx: Ctx, data: Nothing) -> InvitationList:
    """Invitations nobody has answered yet, newest first."""
    still_open = (
        select(OpenInvitation)
        .where(OpenInvitation.expires_at > ctx.now())
        .order_by(OpenInvitation.created_at.desc(), OpenInvitation.id.desc())
    )
    return InvitationList(invitations=[_row(row) for row in (await ctx.db.execute(still_open)).scalars()])


async def revoke(ctx: Ctx, data: InvitationRef) -> None:
    """Take an invitation back; its link stops working.

    Raises:
        NotFound: it is unknown, answered or revoked.
    """
    gone = delete(OpenInvitation).where(OpenInvitation.id == data.id).returning(OpenInvitation.id)
    if (await ctx.db.execute(gone)).scalar_one_or_none() is None:
        raise NotFound("not found", hint="List the invitations to find an id.")
    ctx.resource_id = data.id


async def look(deps: Deps, token: str) -> Invited:
    """What the invitation behind a link says.

    Raises:
        NotFound: it is unknown, answered, revoked or expired.
    """
    found = (
        select(OpenInvitation, Organization)
        .join(Organization, Organization.id == OpenInvitation.organization_id)
        .where(OpenInvitation.digest == deps.secrets.digest(token), OpenInvitation.expires_at > deps.clock.now())
    )
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        row = (await db.execute(found)).one_or_none()
        if row is None:
            raise _gone()
        user = await repository.user_by_email(db, row[0].email)
    return Invited(row[1].id, row[1].name, row[0].email, row[0].role, user is not None)


async def accept(deps: Deps, token: str, user: User, *, client_ip: str = "") -> str:
    """Join as the signed-in person the invitation names; returns the organization.

    Raises:
        NotFound: the invitation is unknown, answered, revoked or expired.
        Forbidden: it names somebody else.
    """
    async with deps.database.transaction(None, all_organizations=True) as db:
        invitation = await _claim(db, deps, token)
        if invitation.email != user.email:
            raise Forbidden("This invitation is for another address.", hint="Sign in with the address it was sent to.")
        await _join(db, invitation, user.id, deps.clock.now(), client_ip)
    return invitation.organization_id


async def accept_as_new(deps: Deps, token: str, password: str, *, client_ip: str = "") -> str:
    """Make the account the invitation asks for, join, and open a browser session; returns the cookie value.

    Raises:
        NotFound: the invitation is unknown, answered, revoked or expired.
        Forbidden: the address has an account by now, whose owner must sign in.
        InvalidInput: the password is too short or too long.
    """
    now, password_hash = deps.clock.now(), await passwords.hashed(password)
    async with deps.database.transaction(None, all_organizations=True) as db:
        invitation = await _claim(db, deps, token)
        if await repository.user_by_email(db, invitation.email) is not None:
            raise Forbidden("This address has an account.", hint="Sign in, then open the invitation again.")
        user = await sign_in.find_or_create_user(db, invitation.email, now)
        user.password_hash = password_hash
        await _join(db, invitation, user.id, now, client_ip)
        return await sign_in.open_session(db, deps, user.id, now)


async def is_invited(db: AsyncSession, email: str, now: datetime) -> bool:
    """True when somebody asked this address to join."""
    return bool((await db.execute(_open_for(email, now))).scalars().all())


async def accept_all(db: AsyncSession, user: User, now: datetime, client_ip: str) -> None:
    """Join wherever somebody who has proved to own an address is invited."""
    for invitation in (await db.execute(_open_for(user.email, now))).scalars().all():
        await _join(db, invitation, user.id, now, client_ip)
        await db.delete(invitation)


def _open_for(email: str, now: datetime) -> Select[OpenInvitation]:
    address = email.strip().lower()
    return select(OpenInvitation).where(OpenInvitation.email == address, OpenInvitation.expires_at > now)


async def _claim(db: AsyncSession, deps: Deps, token: str) -> OpenInvitation:
    claimed = delete(OpenInvitation).where(
        OpenInvitation.digest == deps.secrets.digest(token), OpenInvitation.expires_at > deps.clock.now()
    )
    invitation = (await db.execute(claimed.returning(OpenInvitation))).scalar_one_or_none()
    if invitation is None:
        raise _gone()
    return invitation


async def _join(db: AsyncSession, invitation: OpenInvitation, user_id: str, now: datetime, client_ip: str) -> None:
    if await repository.membership(db, invitation.organization_id, user_id) is not None:
        return
    db.add(
        Membership(
            id=new_id("member"),
            organization_id=invitation.organization_id,
            user_id=user_id,
            role=invitation.role,
            created_at=now,
        )
    )
    db.add(
        AuditEntry(
            id=new_id("audit"),
            organization_id=invitation.organization_id,
            operation="invitations.accept",
            resource_id=invitation.id,
            actor_kind="user",
            actor_id=user_id,
            door="web",
            client_ip=client_ip,
            created_at=now,
        )
    )
    await db.flush()


def _gone() -> NotFound:
    return NotFound("This invitation is used, revoked or expired.", hint="Ask for a new one.")


def _row(row: OpenInvitation) -> InvitationRow:
    return InvitationRow(
        id=row.id, email=row.email, role=cast(RoleName, row.role), created_at=row.created_at, expires_at=row.expires_at
    )
