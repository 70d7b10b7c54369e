"""The journal of one process: usage with its debit, and decisions, in groups, durable before a call's answer ends."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from speko_core.db.engine import create_writer_engine
from speko_core.ids import new_id
from speko_core.metering.booking import Booking, Books, Content, Written
from speko_core.metering.credit import CreditBook
from speko_core.metering.group_commit import GroupCommit
from speko_core.metering.insertion import Values
from speko_core.metering.movements import Movement
from speko_core.metering.prices import METRICS, Charge, charge
from speko_core.oneshot.usage import Usage
from speko_core.ports.clock import Clock
from speko_core.settings import Settings

# Ids of inputs known to be in the database; forgetting them costs a few rewrites that change nothing.
MAX_STORED = 10_000
_TICK = timedelta(microseconds=1)
# What is not a session id is not looked for: PostgreSQL answers some texts, such as a NUL, with an error.
_SESSION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Journal:
    """The usage sink of the product. Nothing is opened before the first row."""

    def __init__(self, settings: Settings, clock: Clock, credit: CreditBook) -> None:
        self._clock = clock
        self.books = Books(create_writer_engine(settings))
        self._groups = GroupCommit(self.books.write, self._heard)
        self._credit = credit
        self._stored: set[str] = set()
        self._last = clock.now()

    def check_room(self) -> None:
        """Called before a provider is.

        Raises:
            Unavailable: the database does not keep up.
        """
        self._groups.check_room()

    async def record(self, usage: Usage) -> None:
        """Write one call's usage and debit; returns when both are durable.

        Raises:
            Unavailable: they could not be written; nothing says that they were not.
        """
        await self._groups.commit(self.booking(usage))

    def booking(self, usage: Usage) -> Booking:
        """The rows of one call: its usage, and the debit of what it costs."""
        return _booking(usage, charge(usage), self._moment())

    def note(self, decision: Values, snapshots: Sequence[Content], inputs: Sequence[Content]) -> None:
        """Write a decision with the next group, which is never later than that of the call's usage."""
        self._groups.put(Booking(decision=decision, snapshots=self._new(snapshots), inputs=self._new(inputs)))

    def _new(self, shared: Sequence[Content]) -> tuple[Content, ...]:
        return tuple([one for one in shared if one.id not in self._stored])

    def _heard(self, written: Written) -> None:
        self._credit.hear(written.funds)
        self._stored |= written.stored
        if len(self._stored) > MAX_STORED:
            self._stored.clear()

    async def drain(self) -> None:
        """Wait until everything noted is written."""
        await self._groups.drain()

    async def aclose(self) -> None:
        """Write what is queued and close the connection."""
        await self._groups.aclose()
        self.books.close()

    def _moment(self) -> datetime:
        """Now, later than every moment before it: entries of one process keep their order."""
        self._last = max(self._clock.now(), self._last + _TICK)
        return self._last


def _booking(usage: Usage, cost: Charge, moment: datetime) -> Booking:
    units, who = usage.units, usage.attribution
    usage_id, session_id = new_id("use"), who.session_id
    if session_id is not None and not _SESSION_ID.fullmatch(session_id):
        session_id = None
    lines = [{"unit": line.unit, "quantity": line.quantity, "microUsd": line.micro_usd} for line in cost.lines]
    row = {
        "id": usage_id,
        "organization_id": who.organization_id,
        "session_id": session_id,
        "decision_id": usage.decision_id,
        "modality": str(usage.modality),
        "provider": usage.vendor,
        "model": usage.model[:120],
        "key_source": usage.key_source,
        "outcome": usage.outcome,
        "audio_ms": units.audio_ms,
        "prompt_tokens": units.prompt_tokens,
        "completion_tokens": units.completion_tokens,
        "characters": units.characters,
        "estimated": units.estimated,
        "cost_micro_usd": cost.micro_usd,
        "cost_items": lines,
        "created_at": moment,
    }
    return Booking(usage=row, debit=_debit(usage, usage_id, session_id, cost, moment))


def _debit(usage: Usage, usage_id: str, session_id: str | None, cost: Charge, moment: datetime) -> Movement | None:
    """The debit of a call that costs something."""
    if cost.micro_usd == 0:
        return None
    entry = {
        "id": new_id("led"),
        "kind": "debit",
        "metric": METRICS[usage.modality],
        "provider": usage.vendor,
        "session_id": session_id,
        "usage_id": usage_id,
        "note": "",
        "created_at": moment,
    }
    return Movement(usage.attribution.organization_id, -cost.micro_usd, entry)
