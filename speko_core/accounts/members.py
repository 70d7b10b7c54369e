"""Members of the organization: who they are, what they may do, and how they leave."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import delete, func, select

from speko_core.accounts import oauth_tokens, repository
from speko_core.accounts.entry_models import OpenInvitation
from speko_core.accounts.models import BrowserSession, Membership, User
from speko_core.accounts.schemas import MemberList, MemberRef, MemberRow, MemberUpdate, RoleName
from speko_core.context import Ctx
from speko_core.errors import Conflict, Forbidden, NotFound
from speko_core.schemas import Nothing


async def list_members(ctx: Ctx, data: Nothing) -> MemberList:
    """Members with their roles."""
    rows = await repository.members(ctx.db)
    return MemberList(members=[_row(membership, user) for membership, user in rows])


async def update(ctx: Ctx, data: MemberUpdate) -> MemberRow:
    """Give a member another role; what they and their connected apps may do changes at once.

    Raises:
        NotFound: nobody of this id is a member.
        Forbidden: the role, or the member's present one, is an owner's, and the caller is none.
        Conflict: `LAST_OWNER`.
    """
    membership, user = await _member(ctx, data.user_id)
    if data.role != membership.role:
        await check_may_assign(ctx, (membership.role, data.role))
        await _check_owner_stays(ctx, membership)
        membership.role = data.role
    ctx.resource_id = user.id
    return _row(membership, user)


async def remove(ctx: Ctx, data: MemberRef) -> None:
    """Take a member out: their browsers, invitations and the apps they let in are worth nothing here any more.

    Raises:
        NotFound: nobody of this id is a member.
        Forbidden: the member is an owner and the caller is none.
        Conflict: `LAST_OWNER`.
    """
    membership, user = await _member(ctx, data.user_id)
    await check_may_assign(ctx, (membership.role,))
    await _check_owner_stays(ctx, membership)
    await ctx.db.delete(membership)
    here = (BrowserSession.user_id == user.id, BrowserSession.acting_organization_id == ctx.organization_id)
    await ctx.db.execute(delete(BrowserSession).where(*here))
    await ctx.db.execute(delete(OpenInvitation).where(OpenInvitation.invited_by == user.id))
    await oauth_tokens.revoke_all(ctx.db, user.id, ctx.now(), ctx.organization_id)
    ctx.resource_id = user.id


async def check_may_assign(ctx: Ctx, roles: Sequence[str]) -> None:
    """Only owners make owners, and unmake them.

    Raises:
        Forbidden: one of the roles is an owner's and the caller is none.
    """
    if "owner" not in roles:
        return
    who = ctx.principal.user_id
    caller = await repository.membership(ctx.db, ctx.organization_id, who) if who is not None else None
    if caller is None or caller.role != "owner":
        raise Forbidden("Only an owner can make somebody an owner, or take an owner out.")


async def _check_owner_stays(ctx: Ctx, leaving: Membership) -> None:
    if leaving.role != "owner":
        return
    owners = select(func.count()).select_from(Membership).where(Membership.role == "owner")
    if (await ctx.db.execute(owners)).scalar_one() == 1:
        raise Conflict("An organization needs an owner.", "LAST_OWNER", hint="Make somebody else an owner first.")


async def _member(ctx: Ctx, user_id: str) -> tuple[Membership, User]:
    # Locked: two owners who demote each other at once must not both succeed.
    everybody = select(Membership).order_by(Membership.id).with_for_update()
    memberships = (await ctx.db.execute(everybody)).scalars()
    membership = next((found for found in memberships if found.user_id == user_id), None)
    if membership is None:
        raise NotFound("not found", hint="List the members to find an id.")
    return membership, await ctx.db.get_one(User, user_id)


def _row(membership: Membership, user: User) -> MemberRow:
    return MemberRow(
        user_id=user.id,
        email=user.email,
        name=user.name,
        role=cast(RoleName, membership.role),
        created_at=membership.created_at,
    )
