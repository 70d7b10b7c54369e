"""What can be asked about usage and credit, and how an operator moves credit."""

from dataclasses import dataclass
from functools import partial

from speko_core.accounts.repository import first_organization
from speko_core.context import Ctx
from speko_core.errors import Conflict, FieldProblem, Forbidden, InvalidInput, NotFound
from speko_core.ids import new_id
from speko_core.metering import repository
from speko_core.metering.models import LedgerEntry
from speko_core.metering.movements import Movement
from speko_core.metering.periods import period
from speko_core.metering.prices import METRICS, MS_PER_MINUTE
from speko_core.metering.repository import Rollup
from speko_core.metering.schemas import (
    MICRO,
    BalanceRow,
    GrantCreate,
    LedgerPage,
    LedgerQuery,
    LedgerRow,
    LimitRow,
    LimitUpdate,
    UsageByProvider,
    UsageQuery,
    UsageSummary,
)
from speko_core.pagination import page_of
from speko_core.providers.base import Modality
from speko_core.schemas import Nothing


@dataclass(frozen=True)
class SessionCost:
    """What the calls of one session cost, in micro-USD; `lines` add up to it (MTR-5)."""

    micro_usd: int
    lines: tuple[tuple[str, str, int], ...]  # provider, modality, micro-USD


async def usage(ctx: Ctx, query: UsageQuery) -> UsageSummary:
    """Usage of a period by provider."""
    start, end = period(query.from_, query.to, ctx.now())
    found = await repository.rollups(ctx.db, start, end)
    funds, _ = await repository.funds(ctx.db)
    return UsageSummary(
        total_sessions=await repository.count_sessions(ctx.db, start, end),
        total_minutes=sum(row.audio_ms for row in found) / MS_PER_MINUTE,
        total_cost=sum(row.cost_micro_usd for row in found) / MICRO,
        breakdown=[_by_provider(row) for row in found],
        balance_usd=funds.micro_usd / MICRO,
        currency="USD",
    )


def _by_provider(row: Rollup) -> UsageByProvider:
    metric = METRICS[Modality(row.modality)]
    quantities = {"minutes": row.audio_ms / MS_PER_MINUTE, "tokens": row.tokens, "characters": row.characters}
    free = {"BYOK": "byok", "NONE": "free"}
    return UsageByProvider.model_validate(
        {
            "provider": row.provider,
            "type": row.modality,
            "metric": metric,
            "key_source": "BYOK" if row.key_source == "BYOK" else "MANAGED",
            "quantity": quantities[metric],
            "cost": row.cost_micro_usd / MICRO,
            "charge_kind": free.get(row.key_source, "minutes" if metric == "minutes" else None),
        }
    )


async def balance(ctx: Ctx, data: Nothing) -> BalanceRow:
    """The organization's credit."""
    row = await repository.balance(ctx.db)
    if row is not None:
        return BalanceRow(balance_usd=row.micro_usd / MICRO, currency="USD", updated_at=row.updated_at)
    return BalanceRow(
        balance_usd=0.0, currency="USD", updated_at=await repository.founded_at(ctx.db, ctx.organization_id)
    )


async def ledger(ctx: Ctx, query: LedgerQuery) -> LedgerPage:
    """A page of movements, newest first."""
    shown, cursor = page_of(await repository.ledger_page(ctx.db, query), query.limit)
    return LedgerPage(entries=[_entry(row) for row in shown], next_cursor=cursor)


def _entry(row: LedgerEntry) -> LedgerRow:
    fields = {
        name: getattr(row, name) for name in ("id", "kind", "metric", "provider", "session_id", "note", "created_at")
    }
    amounts = {
        "amount_micro_usd": str(row.amount_micro_usd),
        "balance_after_micro_usd": str(row.balance_after_micro_usd),
    }
    return LedgerRow.model_validate({**fields, **amounts})


async def grant(ctx: Ctx, data: GrantCreate) -> LedgerRow:
    """Move credit by hand. Only the organization that was created first may: its people run the installation."""
    if ctx.principal.mode == "test":
        raise Forbidden("A test key cannot move credit.")
    if ctx.organization_id != await first_organization(ctx.db):
        raise Forbidden("Only the organization that operates this installation moves credit.")
    if data.amount_micro_usd == 0 or (data.amount_micro_usd < 0 and data.kind != "adjustment"):
        problem = FieldProblem(
            "amountMicroUsd", "must be positive; only an adjustment may be negative, and none is zero"
        )
        raise InvalidInput(f"Invalid request: {problem.field}: {problem.problem}", fields=[problem])
    target = data.organization_id or ctx.organization_id
    if target != ctx.organization_id:
        if not await repository.organization_exists(ctx.db, target):
            raise NotFound("not found", hint="organizationId names no organization of this installation.")
        await repository.cross_organizations(ctx.db)
    return _entry(await move(ctx, target, data))


async def move(ctx: Ctx, organization_id: str, data: GrantCreate) -> LedgerEntry:
    """Book a movement in the caller's transaction.

    Raises:
        Conflict: it would take more than there is.
    """
    values = {
        "id": new_id("led"),
        "kind": data.kind,
        "metric": None,
        "provider": None,
        "session_id": None,
        "usage_id": None,
        "note": data.note,
        "created_at": ctx.now(),
    }
    entry = await repository.move(ctx.db, Movement(organization_id, data.amount_micro_usd, values))
    if data.amount_micro_usd < 0 and entry.balance_after_micro_usd < 0:
        raise Conflict("The adjustment would take more credit than there is.", "INSUFFICIENT_BALANCE")
    ctx.resource_id = entry.id
    ctx.after_commit(partial(_forget, ctx, organization_id))
    return entry


async def starting_credit(ctx: Ctx) -> None:
    """Grant a new organization what the installation gives to each."""
    amount = ctx.deps.settings.starting_credit_micro_usd
    if amount:
        await move(ctx, ctx.organization_id, GrantCreate(amount_micro_usd=amount, note="Starting credit"))


async def get_limit(ctx: Ctx, data: Nothing) -> LimitRow:
    """The monthly limit and what this month has cost."""
    funds, limit = await repository.funds(ctx.db)
    month = f"{ctx.now():%Y-%m}"
    return LimitRow(
        monthly_limit_micro_usd=None if limit is None else str(limit),
        month=month,
        spent_micro_usd=str(funds.month_spent_micro_usd if funds.month == month else 0),
    )


async def set_limit(ctx: Ctx, data: LimitUpdate) -> LimitRow:
    """Set or remove the monthly limit."""
    await repository.set_month_limit(ctx.db, ctx.organization_id, data.monthly_limit_micro_usd, ctx.now())
    ctx.after_commit(partial(_forget, ctx, ctx.organization_id))
    return await get_limit(ctx, Nothing())


async def session_cost(ctx: Ctx, session_id: str) -> SessionCost:
    """What a session has cost so far, equal to its debits in the ledger to the micro-dollar."""
    lines: dict[tuple[str, str], int] = {}
    for event in await repository.session_usage(ctx.db, session_id):
        key = (event.provider, event.modality)
        lines[key] = lines.get(key, 0) + event.cost_micro_usd
    return SessionCost(sum(lines.values()), tuple((*key, cost) for key, cost in sorted(lines.items())))


async def _forget(ctx: Ctx, organization_id: str) -> None:
    ctx.deps.standings.forget(organization_id)
