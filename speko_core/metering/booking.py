"""What the journal writes, and how one group of it becomes one transaction.

Runs in the group-commit thread on its own connection, for every organization at once: each row says whose it is, and
nothing is read back but what is named here. Usage, ledger entry and balance of a call are in the same transaction
(MTR-3); balances move by relative updates in the order of organization ids, so that processes neither lose an
update nor deadlock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Engine, Table, case, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from speko_core.metering.models import Balance, LedgerEntry, UsageEvent
from speko_core.routing.decisions_models import RoutingDecision, RoutingInput, RoutingSnapshot
from speko_core.sessions.models import VoiceSession

Values = Mapping[str, Any]
_USAGE, _LEDGER, _DECISIONS, _SNAPSHOTS, _INPUTS, _SESSIONS = (
    cast(Table, table.__table__)
    for table in (UsageEvent, LedgerEntry, RoutingDecision, RoutingSnapshot, RoutingInput, VoiceSession)
)


@dataclass(frozen=True)
class Funds:
    """What a balance is after a movement, and the debits of the calendar month `month` (`2026-11`, UTC)."""

    micro_usd: int
    month: str
    month_spent_micro_usd: int


@dataclass(frozen=True)
class Written:
    """What a committed group left to the organizations it debited, and which inputs of decisions are stored by now."""

    funds: Mapping[str, Funds]
    stored: frozenset[str]


@dataclass(frozen=True)
class Movement:
    """A change of an organization's credit, with what its ledger entry says."""

    organization_id: str
    amount_micro_usd: int
    entry: Values


@dataclass(frozen=True)
class Booking:
    """One row of usage and its debit, or a decision with those of its inputs that may not be stored yet."""

    usage: Values | None = None
    debit: Movement | None = None
    decision: Values | None = None
    snapshots: tuple[Values, ...] = ()
    inputs: tuple[Values, ...] = ()


@dataclass
class _Group:
    """The rows of a group by table."""

    usage: list[dict[str, Any]] = field(default_factory=list)
    debits: list[Movement] = field(default_factory=list)
    decisions: list[Values] = field(default_factory=list)
    snapshots: list[Values] = field(default_factory=list)
    inputs: list[Values] = field(default_factory=list)

    def add(self, booking: Booking) -> None:
        """Take the rows of one booking."""
        if booking.usage is not None:
            self.usage.append(dict(booking.usage))
        if booking.debit is not None:
            self.debits.append(booking.debit)
        if booking.decision is not None:
            self.decisions.append(booking.decision)
        self.snapshots += booking.snapshots
        self.inputs += booking.inputs


class Books:
    """Writes groups of bookings through an engine of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, bookings: Sequence[Booking], again: bool) -> Written:
        """Write a group in one transaction.

        `again`: an earlier attempt may have been committed after all, so what is there already is left alone.

        Raises:
            sqlalchemy.exc.DBAPIError: nothing of the group was written, or the connection broke at the commit.
        """
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # Row security: this connection writes for every organization.
                connection.execute(text("SELECT set_config('speko.everything', 'on', true)"))
            group = _Group()
            for booking in _unwritten(connection, bookings) if again else bookings:
                group.add(booking)
            funds = _write_group(connection, group)
        return Written(funds, frozenset(row["id"] for row in (*group.snapshots, *group.inputs)))

    def close(self) -> None:
        """Close the connection."""
        self._engine.dispose()


def _unwritten(connection: Connection, bookings: Sequence[Booking]) -> list[Booking]:
    usages = [booking.usage["id"] for booking in bookings if booking.usage is not None]
    decisions = [booking.decision["id"] for booking in bookings if booking.decision is not None]
    found = _ids(connection, _USAGE, usages) | _ids(connection, _DECISIONS, decisions)
    return [booking for booking in bookings if (booking.usage or booking.decision or {}).get("id") not in found]


def _ids(connection: Connection, table: Table, ids: Sequence[str]) -> set[str]:
    return set(connection.execute(select(table.c.id).where(table.c.id.in_(ids))).scalars()) if ids else set()


def _write_group(connection: Connection, group: _Group) -> Mapping[str, Funds]:
    sessions = _own_sessions(connection, group.usage)
    for row in group.usage:
        row["session_id"] = row["session_id"] if (row["organization_id"], row["session_id"]) in sessions else None
    for table, rows in ((_SNAPSHOTS, group.snapshots), (_INPUTS, group.inputs)):
        if rows:
            connection.execute(upserting(connection.dialect.name)(table).on_conflict_do_nothing(), list(rows))
    if group.decisions:
        connection.execute(insert(_DECISIONS), list(group.decisions))
    if group.usage:
        connection.execute(insert(_USAGE), group.usage)
    return move(connection, group.debits, sessions)


def _own_sessions(connection: Connection, usage: Iterable[Values]) -> set[tuple[str, str]]:
    """The named sessions that exist, with their organization: any other name attributes nothing (wire, 18)."""
    named = {row["session_id"] for row in usage if row["session_id"] is not None}
    if not named:
        return set()
    found = select(_SESSIONS.c.organization_id, _SESSIONS.c.id).where(_SESSIONS.c.id.in_(named))
    return {(row.organization_id, row.id) for row in connection.execute(found)}


def upserting(dialect: str) -> Any:
    """The insert of this engine that knows conflicts."""
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


def move(
    connection: Connection, movements: Sequence[Movement], sessions: set[tuple[str, str]] | None = None
) -> Mapping[str, Funds]:
    """Change balances and write the entries that say so; the new funds of every organization concerned."""
    by_organization: dict[str, list[Movement]] = {}
    for movement in movements:
        by_organization.setdefault(movement.organization_id, []).append(movement)
    entries: list[dict[str, Any]] = []
    funds: dict[str, Funds] = {}
    for organization_id in sorted(by_organization):
        own = by_organization[organization_id]
        left = connection.execute(shift(connection.dialect.name), shifted(organization_id, own)).one()
        funds[organization_id] = Funds(left.micro_usd, left.month, left.month_spent_micro_usd)
        entries += entries_of(own, funds[organization_id].micro_usd, sessions)
    if entries:
        connection.execute(insert(_LEDGER), entries)
    return funds


@cache
def shift(dialect: str) -> ReturningInsert[Any]:
    """The statement that changes a balance, relative to whatever it is, and returns what is left; see `shifted`."""
    insertion = upserting(dialect)(Balance)
    new = insertion.excluded
    spent_before = case((Balance.month == new.month, Balance.month_spent_micro_usd), else_=0)
    return cast(
        "ReturningInsert[Any]",
        insertion.on_conflict_do_update(
            index_elements=["organization_id"],
            set_={
                "micro_usd": Balance.micro_usd + new.micro_usd,
                "month": new.month,
                "month_spent_micro_usd": spent_before + new.month_spent_micro_usd,
                "updated_at": new.updated_at,
            },
        ).returning(Balance.micro_usd, Balance.month, Balance.month_spent_micro_usd),
    )


def shifted(organization_id: str, movements: Sequence[Movement]) -> dict[str, Any]:
    """The parameters of `shift` for movements of one organization."""
    moment: datetime = movements[-1].entry["created_at"]
    debits = (movement.amount_micro_usd for movement in movements if movement.entry["kind"] == "debit")
    return {
        "organization_id": organization_id,
        "micro_usd": sum(movement.amount_micro_usd for movement in movements),
        "month": f"{moment:%Y-%m}",
        "month_spent_micro_usd": -sum(debits),
        "updated_at": moment,
    }


def entries_of(
    movements: Sequence[Movement], balance: int, sessions: set[tuple[str, str]] | None
) -> list[dict[str, Any]]:
    """The ledger rows of one organization's movements that end at `balance`."""
    rows = []
    for movement in reversed(movements):
        row = {
            **movement.entry,
            "organization_id": movement.organization_id,
            "amount_micro_usd": movement.amount_micro_usd,
            "balance_after_micro_usd": balance,
        }
        if sessions is not None and (movement.organization_id, row["session_id"]) not in sessions:
            row["session_id"] = None
        balance -= movement.amount_micro_usd
        rows.append(row)
    return rows[::-1]
