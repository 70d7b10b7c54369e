"""What can be done with the organization, its keys, its members and its audit log."""

from typing import cast

from speko_core.accounts import keys, repository, sign_in
from speko_core.accounts.models import ApiKey, Membership, Organization, User
from speko_core.accounts.roles import ROLE_SCOPES
from speko_core.accounts.schemas import (
    AuditPage,
    AuditQuery,
    AuditRow,
    CreatedKey,
    Invitation,
    KeyCreate,
    KeyList,
    KeyRef,
    KeyRow,
    MemberInvite,
    MemberList,
    MemberRow,
    RoleName,
    WhoAmI,
)  # fmt: skip
from speko_core.context import Ctx
from speko_core.errors import Conflict, FieldProblem, Forbidden, InvalidInput, NotFound
from speko_core.ids import new_id
from speko_core.pagination import page_of
from speko_core.principal import ALL_SCOPES
from speko_core.schemas import Nothing


async def who_am_i(ctx: Ctx, data: Nothing) -> WhoAmI:
    """The caller."""
    organization = await _organization(ctx)
    who = ctx.principal
    return WhoAmI(
        kind=who.kind,
        id=who.id,
        label=who.label,
        user_id=who.user_id,
        organization_id=organization.id,
        organization_name=organization.name,
        mode=who.mode,
        scopes=sorted(who.scopes),
    )


async def list_keys(ctx: Ctx, data: Nothing) -> KeyList:
    """Keys, newest first, without their values."""
    return KeyList(keys=[KeyRow.model_validate(key) for key in await repository.keys(ctx.db)])


async def create_key(ctx: Ctx, data: KeyCreate) -> CreatedKey:
    """Create a key whose scopes the creator holds; the value is in this answer and nowhere else."""
    scopes = frozenset(data.scopes) if data.scopes is not None else ctx.principal.scopes & ALL_SCOPES
    _check_scopes(ctx, scopes)
    if data.expires_at is not None and data.expires_at.tzinfo is None:
        _refuse("expiresAt", "must carry a time zone")
    if data.expires_at is not None and data.expires_at <= ctx.now():
        _refuse("expiresAt", "must lie in the future")
    if ctx.principal.mode == "test" and data.mode == "live":
        raise Forbidden("A test key cannot create a live key.")
    raw = keys.mint(data.mode)
    key = ApiKey(
        id=new_id("key"),
        organization_id=ctx.organization_id,
        digest=ctx.deps.secrets.digest(raw),
        display_prefix=keys.display_prefix(raw),
        name=data.name,
        mode=data.mode,
        scopes=sorted(scopes),
        created_by=ctx.principal.user_id,
        created_at=ctx.now(),
        expires_at=data.expires_at,
    )
    ctx.db.add(key)
    await ctx.db.flush()
    return CreatedKey(**KeyRow.model_validate(key).model_dump(), key=raw)


async def revoke_key(ctx: Ctx, data: KeyRef) -> KeyRow:
    """Revoke a key, at once here and within seconds in other processes; revoking twice changes nothing."""
    key = await repository.key(ctx.db, data.id)
    if key is None:
        raise NotFound("not found", hint="List the keys to find an id.")
    if key.revoked_at is None:
        key.revoked_at = ctx.now()

    async def forget() -> None:
        ctx.deps.key_cache.forget(data.id)

    ctx.after_commit(forget)
    return KeyRow.model_validate(key)


async def list_members(ctx: Ctx, data: Nothing) -> MemberList:
    """Members with their roles."""
    rows = await repository.members(ctx.db)
    return MemberList(members=[_member(membership, user) for membership, user in rows])


async def invite_member(ctx: Ctx, data: MemberInvite) -> Invitation:
    """Add a person with a role and return a single-use sign-in link to pass on."""
    if not ROLE_SCOPES[data.role] <= ctx.principal.scopes:
        raise Forbidden("You cannot give a role that may do more than you may.")
    user = await sign_in.find_or_create_user(ctx.db, str(data.email), ctx.now())
    if await repository.membership(ctx.db, ctx.organization_id, user.id) is not None:
        raise Conflict("This person is already a member.", "ALREADY_A_MEMBER")
    ctx.db.add(
        Membership(
            id=new_id("member"),
            organization_id=ctx.organization_id,
            user_id=user.id,
            role=data.role,
            created_at=ctx.now(),
        )
    )
    token, expires_at = await sign_in.create_link(ctx.db, ctx.deps.secrets, user.id, ctx.now(), sign_in.INVITE_TTL)
    url = f"{ctx.deps.settings.base_url}/sign-in?token={token}"
    return Invitation(user_id=user.id, url=url, expires_at=expires_at)


async def list_audit(ctx: Ctx, data: AuditQuery) -> AuditPage:
    """A page of the audit log."""
    page, cursor = page_of(await repository.audit_page(ctx.db, data), data.limit)
    return AuditPage(entries=[AuditRow.model_validate(row) for row in page], next_cursor=cursor)


async def _organization(ctx: Ctx) -> Organization:
    organization = await repository.organization(ctx.db, ctx.organization_id)
    if organization is None:
        raise NotFound("not found")
    return organization


def _member(membership: Membership, user: User) -> MemberRow:
    return MemberRow(
        user_id=user.id,
        email=user.email,
        name=user.name,
        role=cast(RoleName, membership.role),
        created_at=membership.created_at,
    )


def _check_scopes(ctx: Ctx, scopes: frozenset[str]) -> None:
    unknown = sorted(scopes - ALL_SCOPES)
    if unknown:
        _refuse("scopes", f"has unknown entries {', '.join(unknown)}; allowed: {', '.join(sorted(ALL_SCOPES))}")
    if not scopes <= ctx.principal.scopes:
        raise Forbidden("A key cannot hold scopes that its creator lacks.")


def _refuse(field: str, problem: str) -> None:
    raise InvalidInput(f"Invalid request: {field}: {problem}", fields=[FieldProblem(field, problem)])
