"""Every query about the do-not-call list."""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.do_not_call.models import DoNotCallEntry
from speko_core.do_not_call.schemas import DoNotCallList
from speko_core.pagination import after


async def get(db: AsyncSession, entry_id: str) -> DoNotCallEntry | None:
    """One entry of the organization."""
    return (await db.execute(select(DoNotCallEntry).where(DoNotCallEntry.id == entry_id))).scalar_one_or_none()


async def by_number(db: AsyncSession, number: str) -> DoNotCallEntry | None:
    """The organization's entry for this number."""
    return (await db.execute(select(DoNotCallEntry).where(DoNotCallEntry.number == number))).scalar_one_or_none()


async def page(db: AsyncSession, query: DoNotCallList) -> Sequence[DoNotCallEntry]:
    """One row more than the page holds, newest first, so that the caller sees whether there is a next page."""
    statement = select(DoNotCallEntry)
    if query.number is not None:
        statement = statement.where(DoNotCallEntry.number == query.number)
    statement = after(statement, DoNotCallEntry.created_at, DoNotCallEntry.id, query.cursor)
    return (await db.execute(statement.limit(query.limit + 1))).scalars().all()


async def contains(db: AsyncSession, organization_id: str, number: str) -> bool:
    """True when this organization has an entry for the number. It is named because installation-wide work has none."""
    listed = exists().where(DoNotCallEntry.organization_id == organization_id, DoNotCallEntry.number == number)
    return bool((await db.execute(select(listed))).scalar_one())
