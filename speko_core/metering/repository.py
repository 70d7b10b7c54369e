"""Every query about usage and credit, but for the journal's own writing in groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.models import Organization
from speko_core.db.guard import CROSS
from speko_core.metering.models import Balance, LedgerEntry, UsageEvent
from speko_core.metering.movements import Funds, Movement, entries_of, shift, shifted
from speko_core.metering.schemas import LedgerQuery
from speko_core.pagination import after


@dataclass(frozen=True)
class Rollup:
    """What one provider did in a period, by whose key."""

    provider: str
    modality: str
    key_source: str
    audio_ms: int
    tokens: int
    characters: int
    cost_micro_usd: int


async def balance(db: AsyncSession) -> Balance | None:
    """The organization's balance; None while nothing has moved."""
    return (await db.execute(select(Balance))).scalar_one_or_none()


async def funds(db: AsyncSession) -> tuple[Funds, int | None]:
    """The organization's funds and its monthly limit."""
    columns = (Balance.micro_usd, Balance.month, Balance.month_spent_micro_usd, Balance.month_limit_micro_usd)
    row = (await db.execute(select(*columns))).one_or_none()
    if row is None:
        return Funds(0, "", 0), None
    return Funds(row.micro_usd, row.month, row.month_spent_micro_usd), row.month_limit_micro_usd


async def rollups(db: AsyncSession, start: datetime, end: datetime) -> Sequence[Rollup]:
    """Usage from `start` up to, not including, `end`."""
    keys = (UsageEvent.provider, UsageEvent.modality, UsageEvent.key_source)
    sums = (
        func.sum(UsageEvent.audio_ms),
        func.sum(UsageEvent.prompt_tokens + UsageEvent.completion_tokens),
        func.sum(UsageEvent.characters),
        func.sum(UsageEvent.cost_micro_usd),
    )
    statement = (
        select(*keys, *sums)
        .where(UsageEvent.created_at >= start, UsageEvent.created_at < end)
        .group_by(*keys)
        .order_by(*keys)
    )
    rows = (await db.execute(statement)).all()
    return [Rollup(*row[:3], *(int(value) for value in row[3:])) for row in rows]


async def count_sessions(db: AsyncSession, start: datetime, end: datetime) -> int:
    """Distinct sessions that used anything in the period."""
    statement = select(func.count(UsageEvent.session_id.distinct())).where(
        UsageEvent.created_at >= start, UsageEvent.created_at < end
    )
    return (await db.execute(statement)).scalar_one()


async def session_usage(db: AsyncSession, session_id: str) -> Sequence[UsageEvent]:
    """Every call of a session, oldest first."""
    statement = select(UsageEvent).where(UsageEvent.session_id == session_id)
    return (await db.execute(statement.order_by(UsageEvent.created_at, UsageEvent.id))).scalars().all()


async def ledger_page(db: AsyncSession, query: LedgerQuery) -> Sequence[LedgerEntry]:
    """One entry more than the page holds, newest first."""
    statement = after(select(LedgerEntry), LedgerEntry.created_at, LedgerEntry.id, query.cursor)
    if query.kind is not None:
        statement = statement.where(LedgerEntry.kind == query.kind)
    return (await db.execute(statement.limit(query.limit + 1))).scalars().all()


async def founded_at(db: AsyncSession, organization_id: str) -> datetime:
    """When the organization was created."""
    return (await db.execute(select(Organization.created_at).where(Organization.id == organization_id))).scalar_one()


async def organization_exists(db: AsyncSession, organization_id: str) -> bool:
    """True when there is such an organization."""
    statement = select(Organization.id).where(Organization.id == organization_id)
    return (await db.execute(statement)).scalar_one_or_none() is not None


async def cross_organizations(db: AsyncSession) -> None:
    """Let the rest of this transaction write for another organization: operators' work."""
    db.sync_session.info[CROSS] = True
    if (await db.connection()).dialect.name == "postgresql":
        await db.execute(text("SELECT set_config('speko.everything', 'on', true)"))


async def move(db: AsyncSession, movement: Movement) -> LedgerEntry:
    """Change the balance and write the entry, in the caller's transaction."""
    connection = await db.connection()
    statement = shift(connection.dialect.name).values(shifted(movement.organization_id, [movement]))
    left = (await db.execute(statement)).one()
    (row,) = entries_of([movement], left.micro_usd)
    entry = LedgerEntry(**row)
    db.add(entry)
    await db.flush()
    return entry


async def set_month_limit(db: AsyncSession, organization_id: str, limit_micro_usd: int | None, now: datetime) -> None:
    """Set or remove the monthly limit."""
    statement = (
        update(Balance).values(month_limit_micro_usd=limit_micro_usd).execution_options(synchronize_session=False)
    )
    if await balance(db) is None:
        db.add(
            Balance(organization_id=organization_id, micro_usd=0, month_limit_micro_usd=limit_micro_usd, updated_at=now)
        )
        await db.flush()
    else:
        await db.execute(statement)
