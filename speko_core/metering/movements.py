"""Movements of credit: balances change by relative updates, and every change has its ledger entry beside it."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Table, case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from speko_core.metering.insertion import Values, insert_all
from speko_core.metering.models import Balance, LedgerEntry

# Organization and id of sessions.
Sessions = Set[tuple[str, str]]
_LEDGER = cast(Table, LedgerEntry.__table__)


@dataclass(frozen=True)
class Funds:
    """What a balance is after a movement, and the debits of the calendar month `month` (`2026-11`, UTC)."""

    micro_usd: int
    month: str
    month_spent_micro_usd: int


class Movement(NamedTuple):
    """A change of an organization's credit, with what its ledger entry says."""

    organization_id: str
    amount_micro_usd: int
    entry: Values


def upserting(dialect: str) -> Any:
    """The insert of this engine that knows conflicts."""
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


def move(connection: Connection, movements: Sequence[Movement], sessions: Sessions) -> Mapping[str, Funds]:
    """Change balances and write the entries that say so; the new funds of every organization concerned."""
    by_organization: dict[str, list[Movement]] = {}
    for movement in movements:
        by_organization.setdefault(movement.organization_id, []).append(movement)
    entries: list[Values] = []
    funds: dict[str, Funds] = {}
    for organization_id in sorted(by_organization):
        own = by_organization[organization_id]
        left = connection.execute(shift(connection.dialect.name), shifted(organization_id, own)).one()
        funds[organization_id] = Funds(left.micro_usd, left.month, left.month_spent_micro_usd)
        entries += [attributed(row, sessions) for row in entries_of(own, funds[organization_id].micro_usd)]
    insert_all(connection, _LEDGER, entries)
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


def entries_of(movements: Sequence[Movement], balance: int) -> list[Values]:
    """The ledger rows of one organization's movements that end at `balance`."""
    rows: list[Values] = []
    for movement in reversed(movements):
        row = {
            **movement.entry,
            "organization_id": movement.organization_id,
            "amount_micro_usd": movement.amount_micro_usd,
            "balance_after_micro_usd": balance,
        }
        balance -= movement.amount_micro_usd
        rows.append(row)
    return rows[::-1]


def attributed(row: Values, sessions: Sessions) -> Values:
    """The row without a session that is none of its organization's."""
    session_id = row["session_id"]
    known = session_id is None or (row["organization_id"], session_id) in sessions
    return row if known else {**row, "session_id": None}
