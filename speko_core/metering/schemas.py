"""Requests and answers about usage and credit. Amounts of entries are strings of micro-USD, sums are numbers in USD."""

from typing import Literal

from pydantic import Field

from speko_core.schemas import Input, Output, WireTime

EntryKind = Literal["grant", "debit", "topup", "refund", "adjustment"]
GivenKind = Literal["grant", "topup", "refund", "adjustment"]
MICRO = 1_000_000
# Far inside 64 bits, so that no sum of entries comes near the end of them.
MAX_MOVEMENT_MICRO_USD = 1_000_000 * MICRO


class UsageQuery(Input):
    """A period. A bare date as `to` includes that day; times without a zone are UTC."""

    from_: str | None = Field(
        None, alias="from", max_length=40, description="ISO 8601 start. Default: the first of this month, UTC."
    )
    to: str | None = Field(None, max_length=40, description="ISO 8601 end. Default: now.")


class UsageByProvider(Output):
    """What one provider did, by whose key. `cost` is in USD; `BYOK` and offline providers cost nothing."""

    provider: str
    type: Literal["stt", "llm", "tts", "s2s"] = Field(description="Modality.")
    metric: str = Field(description="The billable unit: `minutes`, `tokens` or `characters`.")
    key_source: Literal["BYOK", "MANAGED"]
    quantity: float = Field(description="In the metric's unit.")
    cost: float
    charge_kind: Literal["minutes", "free", "byok"] | None = Field(
        description="`byok` and `free` carry no charge; null for tokens and characters at list price."
    )


class UsageSummary(Output):
    """Usage of a period, and the balance of now."""

    total_sessions: int
    total_minutes: float = Field(description="Audio minutes that providers heard.")
    total_cost: float
    breakdown: list[UsageByProvider]
    balance_usd: float
    currency: Literal["USD"]


class BalanceRow(Output):
    """The organization's credit. `updatedAt` is the last movement, or the organization's creation before the first."""

    balance_usd: float
    currency: Literal["USD"]
    updated_at: WireTime


class LedgerQuery(Input):
    """A page of the ledger."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(
        None, max_length=200, description="`nextCursor` of an earlier page, or an ISO timestamp to read before."
    )
    kind: EntryKind | None = None


class LedgerRow(Output):
    """One movement of credit."""

    id: str
    kind: EntryKind
    amount_micro_usd: str = Field(description="Signed integer: negative for debits.")
    balance_after_micro_usd: str
    metric: str | None
    provider: str | None
    session_id: str | None
    note: str
    created_at: WireTime


class LedgerPage(Output):
    """Movements, newest first."""

    entries: list[LedgerRow]
    next_cursor: str | None


class GrantCreate(Input):
    """Credit given, or with `adjustment` also taken, by the operator of the installation."""

    amount_micro_usd: int = Field(
        ge=-MAX_MOVEMENT_MICRO_USD, le=MAX_MOVEMENT_MICRO_USD, description="Micro-USD: 1000000 is one dollar."
    )
    kind: GivenKind = "grant"
    note: str = Field("", max_length=500)
    organization_id: str | None = Field(None, max_length=40, description="Default: the caller's own.")


class LimitUpdate(Input):
    """The monthly limit of managed calls."""

    monthly_limit_micro_usd: int | None = Field(
        ge=0, le=MAX_MOVEMENT_MICRO_USD, description="Micro-USD a calendar month, UTC; null removes the limit."
    )


class LimitRow(Output):
    """The monthly limit, and what this month has cost."""

    monthly_limit_micro_usd: str | None
    month: str
    spent_micro_usd: str
