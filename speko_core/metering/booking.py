"""What the journal writes, and how one group of it becomes one transaction.

Runs in the group-commit thread on its own connection, for every organization at once: each row says whose it is, and
nothing is read back but what is named here. Usage, ledger entry and balance of a call are in the same transaction
(MTR-3); balances move by relative updates in the order of organization ids, so that processes neither lose an
update nor deadlock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from sqlalchemy import Connection, Engine, Table, select, text

from speko_core.metering.insertion import Values, insert_all
from speko_core.metering.models import UsageEvent
from speko_core.metering.movements import Funds, Movement, Sessions, attributed, move, upserting
from speko_core.routing.decisions_models import RoutingDecision, RoutingInput, RoutingSnapshot
from speko_core.sessions.models import VoiceSession

_USAGE, _DECISIONS, _SNAPSHOTS, _INPUTS, _SESSIONS = (
    cast(Table, table.__table__) for table in (UsageEvent, RoutingDecision, RoutingSnapshot, RoutingInput, VoiceSession)
)


@dataclass(frozen=True)
class Written:
    """What a committed group left to the organizations it debited, and which inputs of decisions are stored by now."""

    funds: Mapping[str, Funds]
    stored: frozenset[str]


@dataclass(frozen=True)
class Content:
    """What many decisions share: an input or a chain, by the hash of its content."""

    id: str
    body: str


class Booking(NamedTuple):
    """One row of usage and its debit, or a decision with what it shares that may not be stored yet."""

    usage: Values | None = None
    debit: Movement | None = None
    decision: Values | None = None
    snapshots: tuple[Content, ...] = ()
    inputs: tuple[Content, ...] = ()


@dataclass
class _Group:
    """The rows of a group by table; what is shared, by its id."""

    usage: list[Values] = field(default_factory=list)
    debits: list[Movement] = field(default_factory=list)
    decisions: list[Values] = field(default_factory=list)
    snapshots: dict[str, Values] = field(default_factory=dict)
    inputs: dict[str, Values] = field(default_factory=dict)

    def add(self, booking: Booking) -> None:
        """Take the rows of one booking."""
        if booking.usage is not None:
            self.usage.append(booking.usage)
        if booking.debit is not None:
            self.debits.append(booking.debit)
        if booking.decision is not None:
            self.decisions.append(booking.decision)
            moment = booking.decision["created_at"]
            for shared, rows in ((booking.snapshots, self.snapshots), (booking.inputs, self.inputs)):
                rows |= {one.id: {"id": one.id, "body": one.body, "created_at": moment} for one in shared}


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
        return Written(funds, frozenset((*group.snapshots, *group.inputs)))

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
    for table, rows in ((_SNAPSHOTS, group.snapshots), (_INPUTS, group.inputs)):
        if rows:
            connection.execute(upserting(connection.dialect.name)(table).on_conflict_do_nothing(), list(rows.values()))
    insert_all(connection, _DECISIONS, group.decisions)
    insert_all(connection, _USAGE, [attributed(row, sessions) for row in group.usage])
    return move(connection, group.debits, sessions)


def _own_sessions(connection: Connection, usage: Iterable[Values]) -> Sessions:
    """The named sessions that exist, with their organization: any other name attributes nothing (wire, 18)."""
    named = {row["session_id"] for row in usage if row["session_id"] is not None}
    if not named:
        return set()
    found = select(_SESSIONS.c.organization_id, _SESSIONS.c.id).where(_SESSIONS.c.id.in_(named))
    return {(row.organization_id, row.id) for row in connection.execute(found)}
