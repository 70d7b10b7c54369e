"""Deleting an organization (ORG-7): everything it has, at once and for good. Its books outlive it."""

from functools import partial

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select

from speko_core.accounts import repository as accounts
from speko_core.accounts.models import ApiKey, BrowserSession, IdempotencyRecord, Membership, Organization, User
from speko_core.context import Ctx
from speko_core.db.base import Base, OrganizationScoped
from speko_core.deps import Deps
from speko_core.errors import Conflict, FieldProblem, Forbidden, InvalidInput
from speko_core.knowledge import files
from speko_core.metering.models import Balance, LedgerEntry, UsageEvent
from speko_core.organizations import exports
from speko_core.organizations.schemas import OrganizationDelete
from speko_core.recordings.rules import recordings_of
from speko_core.removal import remove_folder
from speko_core.schemas import Deleted
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.rules import RUNNING

# The books are kept for seven years by law, and hold nothing that anybody said. Records of requests are sealed, and
# the hourly sweep deletes them: this request's own may be among them.
_KEPT = (UsageEvent, LedgerEntry, Balance, IdempotencyRecord)
NAME_AFTERWARDS = "Deleted organization"


async def delete(ctx: Ctx, data: OrganizationDelete) -> Deleted:
    """Delete all rows and files of the organization, and the accounts of members who belong to no other.

    Raises:
        Forbidden: the caller is no owner.
        InvalidInput: `name` is not the organization's.
        Conflict: `OPERATING_ORGANIZATION`, or `SESSION_RUNNING`.
    """
    organization = await _deletable(ctx, data)
    members = (await ctx.db.execute(select(Membership.user_id))).scalars().all()
    keys = (await ctx.db.execute(select(ApiKey.id))).scalars().all()
    for table in _tables():
        await ctx.db.execute(delete_rows(table).execution_options(synchronize_session=False))
    acting = BrowserSession.acting_organization_id == organization.id
    await ctx.db.execute(delete_rows(BrowserSession).where(acting).execution_options(synchronize_session=False))
    for folder in (files.organization_folder, recordings_of, exports.exports_of):
        await remove_folder(ctx.deps, ctx.db, folder(organization.id))
    organization.name, organization.updated_at = NAME_AFTERWARDS, ctx.now()
    ctx.resource_id = organization.id
    ctx.after_commit(partial(_forget_people, ctx.deps, list(members), list(keys)))
    return Deleted(deleted=True)


async def _deletable(ctx: Ctx, data: OrganizationDelete) -> Organization:
    who = ctx.principal.user_id
    caller = await accounts.membership(ctx.db, ctx.organization_id, who) if who is not None else None
    if caller is None or caller.role != "owner":
        raise Forbidden("Only an owner can delete the organization.")
    locked = select(Organization).where(Organization.id == ctx.organization_id).with_for_update()
    organization = (await ctx.db.execute(locked)).scalar_one()
    if data.name != organization.name:
        problem = "must be the organization's name, as a confirmation"
        raise InvalidInput(f"Invalid request: name: {problem}", fields=(FieldProblem("name", problem),))
    if organization.id == await accounts.first_organization(ctx.db):
        raise Conflict(
            "This organization operates the installation and goes with it.",
            "OPERATING_ORGANIZATION",
            hint="Remove the installation: its database, its data folder or bucket, and its master key.",
        )
    running = select(func.count()).select_from(VoiceSession).where(VoiceSession.status.in_(RUNNING))
    if (await ctx.db.execute(running)).scalar_one():
        raise Conflict("Sessions are running.", "SESSION_RUNNING", hint="End them, and delete it once they have ended.")
    return organization


def _tables() -> list[type[Base]]:
    """The mapped classes of what goes, those that refer to others before them."""
    mapped: list[type[Base]] = [mapper.class_ for mapper in Base.registry.mappers]
    scoped = [one for one in mapped if issubclass(one, OrganizationScoped) and not issubclass(one, _KEPT)]
    order = {table.name: at for at, table in enumerate(Base.metadata.sorted_tables)}
    return sorted(scoped, key=lambda one: order[one.__tablename__], reverse=True)


async def _forget_people(deps: Deps, members: list[str], keys: list[str]) -> None:
    """Delete the accounts of those who belong to no organization any more; keys stop here at once."""
    for key_id in keys:
        deps.key_cache.forget(key_id)
    elsewhere = select(Membership.user_id).where(Membership.user_id.in_(members))
    async with deps.database.transaction(None, all_organizations=True) as db:
        staying = set((await db.execute(elsewhere)).scalars())
        leaving = User.id.in_([member for member in members if member not in staying])
        await db.execute(delete_rows(User).where(leaving).execution_options(synchronize_session=False))
