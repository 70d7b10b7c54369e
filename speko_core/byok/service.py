"""Storing, removing and listing an organization's provider keys."""

from functools import partial

from sqlalchemy.exc import IntegrityError

from speko_core.byok import repository
from speko_core.byok.models import ProviderKey
from speko_core.byok.schemas import ProviderKeyPut, ProviderRef, ProviderStatus, ProviderStatuses
from speko_core.byok.sealing import seal
from speko_core.context import Ctx
from speko_core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from speko_core.ids import new_id
from speko_core.schemas import Deleted, Nothing


async def put(ctx: Ctx, data: ProviderKeyPut) -> ProviderStatus:
    """Store the key sealed. A replaced key is gone, and what was known of its health with it."""
    if data.provider not in _vendors(ctx):
        problem = FieldProblem("provider", f"must be one of {', '.join(_vendors(ctx))}")
        raise InvalidInput(f"Invalid request: {problem.field}: {problem.problem}", fields=[problem])
    before = await repository.key(ctx.db, data.provider)
    if before is not None:
        await ctx.db.delete(before)
        await ctx.db.flush()
    row_id, now = new_id("pkey"), ctx.now()
    sealed = seal(ctx.deps.secrets, ctx.organization_id, row_id, data.api_key)
    row = ProviderKey(
        id=row_id,
        organization_id=ctx.organization_id,
        provider=data.provider,
        sealed=sealed,
        created_at=now,
        updated_at=now,
    )
    ctx.db.add(row)
    try:
        await ctx.db.flush()
    except IntegrityError:  # another request stored one between our look and our write
        raise Conflict("This provider's key was stored by another request at the same time.") from None
    _changed(ctx, row_id)
    return _status(ctx, data.provider, row)


async def delete(ctx: Ctx, data: ProviderRef) -> Deleted:
    """Remove the key; calls fall back to the platform's, where there is one."""
    row = await repository.key(ctx.db, data.provider)
    if row is None:
        raise NotFound("not found", hint="GET /v1/providers shows which providers have a key of the organization.")
    await ctx.db.delete(row)
    _changed(ctx, row.id)
    return Deleted(deleted=True)


async def statuses(ctx: Ctx, data: Nothing) -> ProviderStatuses:
    """Every vendor that takes a key, with whose key its calls would use (RTE-7)."""
    own = {row.provider: row for row in await repository.keys(ctx.db)}
    return ProviderStatuses(providers=[_status(ctx, vendor, own.get(vendor)) for vendor in _vendors(ctx)])


def _vendors(ctx: Ctx) -> list[str]:
    return sorted(vendor for vendor, facts in ctx.deps.providers.catalog.items() if facts.kind != "sandbox")


def _status(ctx: Ctx, vendor: str, row: ProviderKey | None) -> ProviderStatus:
    return ProviderStatus(
        provider=vendor,
        name=ctx.deps.providers.catalog[vendor].name,
        configured=row is not None or vendor in ctx.deps.settings.provider_keys,
        source="BYOK" if row is not None else None,
        updated_at=row.updated_at if row is not None else None,
    )


def _changed(ctx: Ctx, row_id: str) -> None:
    ctx.resource_id = row_id
    ctx.after_commit(partial(_forget, ctx))


async def _forget(ctx: Ctx) -> None:
    ctx.deps.standings.forget(ctx.organization_id)
