"""What can be done with API keys, and what the caller and the audit log say."""

from speko_core.accounts import keys, repository
from speko_core.accounts.models import ApiKey
from speko_core.accounts.schemas import (
    AuditPage,
    AuditQuery,
    AuditRow,
    CreatedKey,
    KeyCreate,
    KeyList,
    KeyRef,
    KeyRow,
    WhoAmI,
)  # fmt: skip
from speko_core.context import Ctx
from speko_core.errors import FieldProblem, Forbidden, InvalidInput, NotFound
from speko_core.ids import new_id
from speko_core.pagination import page_of
from speko_core.principal import ALL_SCOPES, read_only
from speko_core.schemas import Nothing


async def who_am_i(ctx: Ctx, data: Nothing) -> WhoAmI:
    """The caller."""
    who = ctx.principal
    name = await repository.organization_name(ctx.db, ctx.organization_id)
    if name is None:
        raise NotFound("not found")
    return WhoAmI(
        kind=who.kind,
        id=who.id,
        label=who.label,
        user_id=who.user_id,
        organization_id=ctx.organization_id,
        organization_name=name,
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
    if data.read_only:
        scopes = read_only(scopes)
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
        toolsets=_toolsets(ctx, data),
        created_by=ctx.principal.user_id,
        created_at=ctx.now(),
        expires_at=data.expires_at,
    )
    ctx.db.add(key)
    await ctx.db.flush()
    return CreatedKey(**KeyRow.model_validate(key).model_dump(), key=raw)


def _toolsets(ctx: Ctx, data: KeyCreate) -> list[str] | None:
    """A key is offered no more than its creator is."""
    held = ctx.principal.toolsets
    if data.toolsets is None:
        return None if held is None else sorted(held)
    if held is not None and not held.issuperset(data.toolsets):
        raise Forbidden("A key cannot have toolsets that its creator does not have.")
    return sorted(set(data.toolsets))


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


async def list_audit(ctx: Ctx, data: AuditQuery) -> AuditPage:
    """A page of the audit log."""
    page, cursor = page_of(await repository.audit_page(ctx.db, data), data.limit)
    return AuditPage(entries=[AuditRow.model_validate(row) for row in page], next_cursor=cursor)


def _check_scopes(ctx: Ctx, scopes: frozenset[str]) -> None:
    unknown = sorted(scopes - ALL_SCOPES)
    if unknown:
        _refuse("scopes", f"has unknown entries {', '.join(unknown)}; allowed: {', '.join(sorted(ALL_SCOPES))}")
    if not scopes <= ctx.principal.scopes:
        raise Forbidden("A key cannot hold scopes that its creator lacks.")


def _refuse(field: str, problem: str) -> None:
    raise InvalidInput(f"Invalid request: {field}: {problem}", fields=[FieldProblem(field, problem)])
