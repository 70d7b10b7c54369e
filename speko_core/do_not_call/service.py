"""What can be done with the do-not-call list, and the question that is asked before a number is dialled."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.context import Ctx
from speko_core.do_not_call import repository
from speko_core.do_not_call.models import DoNotCallEntry
from speko_core.do_not_call.schemas import (
    DoNotCallAdd,
    DoNotCallList,
    DoNotCallPage,
    DoNotCallRef,
    DoNotCallRow,
    e164,
)
from speko_core.errors import NotFound
from speko_core.ids import new_id
from speko_core.pagination import page_of
from speko_core.schemas import Deleted


async def is_blocked(db: AsyncSession, organization_id: str, number: str) -> bool:
    """True when the organization must not dial this number; `db` is open in the organization, or in all.

    Raises:
        ValueError: the number is not in E.164 form, so the answer "no" would mean nothing.
    """
    return await repository.contains(db, organization_id, e164(number))


async def list_entries(ctx: Ctx, data: DoNotCallList) -> DoNotCallPage:
    """One page, newest first."""
    shown, cursor = page_of(await repository.page(ctx.db, data), data.limit)
    return DoNotCallPage(entries=[DoNotCallRow.model_validate(row) for row in shown], next_cursor=cursor)


async def add(ctx: Ctx, data: DoNotCallAdd) -> DoNotCallRow:
    """Put a number on the list; one that is there already answers its entry, unchanged."""
    entry = await repository.by_number(ctx.db, data.number) or await _inserted(ctx, data)
    return DoNotCallRow.model_validate(entry)


async def remove(ctx: Ctx, data: DoNotCallRef) -> Deleted:
    """Take a number off the list."""
    entry = await repository.get(ctx.db, data.id)
    if entry is None:
        raise NotFound("not found", hint="List the do-not-call entries to find an id.")
    ctx.resource_id = entry.id
    await ctx.db.delete(entry)
    return Deleted(deleted=True)


async def _inserted(ctx: Ctx, data: DoNotCallAdd) -> DoNotCallEntry:
    entry = _new_entry(ctx, data)
    try:
        async with ctx.db.begin_nested():
            ctx.db.add(entry)
    except IntegrityError:  # another request added the number between our look and our write
        existing = await repository.by_number(ctx.db, data.number)
        if existing is None:
            raise
        return existing
    return entry


def _new_entry(ctx: Ctx, data: DoNotCallAdd) -> DoNotCallEntry:
    return DoNotCallEntry(
        id=new_id("dnc"),
        organization_id=ctx.organization_id,
        number=data.number,
        note=data.note or None,
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )
