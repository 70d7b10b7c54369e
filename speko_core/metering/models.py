"""Tables of metering. Money is signed integer micro-USD; the ledger is append-only and its sum is the balance."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from speko_core.db.base import ID_LENGTH, Base, JsonColumn, OrganizationScoped
from speko_core.types import JsonValue

SESSION_ID_LENGTH = 36
NAME_LENGTH = 120


def owner(*, primary_key: bool = False) -> "MappedColumn[str]":
    """The owning organization without an index of its own: the composite indexes of these tables begin with it."""
    return mapped_column(String(ID_LENGTH), ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=primary_key)


class UsageEvent(Base, OrganizationScoped):
    """One provider call that sent a real event, or that was outrun. `session_id` outlives the session it names."""

    __tablename__ = "usage_events"
    __table_args__ = (
        CheckConstraint("cost_micro_usd >= 0", name="cost"),
        CheckConstraint("key_source IN ('BYOK', 'MANAGED', 'NONE')", name="key_source"),
        Index("ix_usage_events_period", "organization_id", "created_at"),
        Index("ix_usage_events_session", "organization_id", "session_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    organization_id: Mapped[str] = owner()
    session_id: Mapped[str | None] = mapped_column(String(SESSION_ID_LENGTH), default=None)
    decision_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    modality: Mapped[str] = mapped_column(String(8))
    provider: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(NAME_LENGTH))
    key_source: Mapped[str] = mapped_column(String(8))
    outcome: Mapped[str] = mapped_column(String(16))
    audio_ms: Mapped[int] = mapped_column(BigInteger)
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    characters: Mapped[int] = mapped_column(BigInteger)
    estimated: Mapped[bool] = mapped_column()
    cost_micro_usd: Mapped[int] = mapped_column(BigInteger)
    # The lines that add up to the cost: [{metric, quantity, microUsd}].
    cost_items: Mapped[list[JsonValue]] = mapped_column(JsonColumn)
    created_at: Mapped[datetime] = mapped_column()


class LedgerEntry(Base, OrganizationScoped):
    """One movement of credit. Rows are inserted and never changed."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("kind IN ('grant', 'debit', 'topup', 'refund', 'adjustment')", name="kind"),
        Index("ix_ledger_entries_page", "organization_id", "created_at", "id"),
        Index("ix_ledger_entries_session", "organization_id", "session_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    organization_id: Mapped[str] = owner()
    kind: Mapped[str] = mapped_column(String(16))
    amount_micro_usd: Mapped[int] = mapped_column(BigInteger)
    balance_after_micro_usd: Mapped[int] = mapped_column(BigInteger)
    metric: Mapped[str | None] = mapped_column(String(16), default=None)
    provider: Mapped[str | None] = mapped_column(String(80), default=None)
    session_id: Mapped[str | None] = mapped_column(String(SESSION_ID_LENGTH), default=None)
    # Unique: one call is debited once.
    usage_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None, unique=True)
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column()


class Balance(Base, OrganizationScoped):
    """The sum of an organization's ledger, changed in the transaction of every entry. No row: nothing moved yet."""

    __tablename__ = "balances"

    organization_id: Mapped[str] = owner(primary_key=True)
    micro_usd: Mapped[int] = mapped_column(BigInteger)
    # Debits of the calendar month `month` (`2026-11`, UTC), for the monthly limit.
    month: Mapped[str] = mapped_column(String(7), default="")
    month_spent_micro_usd: Mapped[int] = mapped_column(BigInteger, default=0)
    month_limit_micro_usd: Mapped[int | None] = mapped_column(BigInteger, default=None)
    updated_at: Mapped[datetime] = mapped_column()
