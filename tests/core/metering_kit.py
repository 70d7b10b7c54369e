"""Calls as metering sees them, and what the books must say afterwards."""

from collections import Counter
from datetime import date

from sqlalchemy import func, select

from speko_core.deps import Deps
from speko_core.metering.models import Balance, LedgerEntry, UsageEvent
from speko_core.oneshot.usage import Attribution, Outcome, Units, Usage
from speko_core.providers.base import Modality
from speko_core.providers.catalog import Price
from speko_core.routing.offers import KeySource

PRICE = Price(unit="1m_output_tokens", micro_usd=2_000_000, source="test", date=date(2026, 1, 1))


def managed(
    organization_id: str,
    tokens: int = 50,
    *,
    session_id: str | None = None,
    source: KeySource = "MANAGED",
    outcome: Outcome = "completed",
) -> Usage:
    """A call that costs 2 micro-USD a token."""
    who = Attribution(organization_id, "live", session_id)
    units = Units(completion_tokens=tokens)
    return Usage(who, Modality.LLM, "acme", "m-acme", source, units, outcome, (PRICE,))


async def books(deps: Deps, organization_id: str) -> tuple[int, int, int, int]:
    """Balance, sum of entries, sum of costs, number of usage rows."""
    async with deps.database.transaction(organization_id, read_only=True) as db:
        balance = (await db.execute(select(Balance.micro_usd))).scalar_one_or_none() or 0
        entries = (await db.execute(select(func.sum(LedgerEntry.amount_micro_usd)))).scalar_one() or 0
        costs = (await db.execute(select(func.sum(UsageEvent.cost_micro_usd)))).scalar_one() or 0
        rows = (await db.execute(select(func.count(UsageEvent.id)))).scalar_one()
    return balance, int(entries), int(costs), rows


async def assert_exact(deps: Deps, organization_id: str, given: int = 0) -> int:
    """Balance = sum of entries = what was given less what calls cost, and every entry continues the one before."""
    balance, entries, costs, rows = await books(deps, organization_id)
    assert balance == entries == given - costs
    async with deps.database.transaction(organization_id, read_only=True) as db:
        history = (await db.execute(select(LedgerEntry))).scalars().all()
    # Every entry begins where another one ended: a chain from nothing to the balance, in whatever order it was written.
    begins = Counter(entry.balance_after_micro_usd - entry.amount_micro_usd for entry in history)
    ends = Counter(entry.balance_after_micro_usd for entry in history)
    assert begins + Counter([balance]) == ends + Counter([0])
    return rows
