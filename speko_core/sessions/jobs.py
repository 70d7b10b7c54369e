"""Closing sessions that nobody will close: the worker died, the caller never came, the time is long over (OPS-2)."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from speko_core.deps import Deps
from speko_core.ports.jobs import JobKind
from speko_core.sessions import repository
from speko_core.sessions.announce import announce
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.rooms import Room, close_room
from speko_core.sessions.rules import FINAL, Event, Status, overdue, step
from speko_core.types import JsonObject

logger = logging.getLogger(__name__)

EVERY_S = 5.0
BATCH = 200
_REASONS = {Event.LOSE: "worker_lost", Event.EXPIRE: "timeout"}


async def finalize(deps: Deps, args: JsonObject) -> JsonObject:
    """Close every overdue session; returns how many went where.

    One transaction a session: what is done stays done when the process dies, and the next run takes the rest. Turns
    and usage are never touched.
    """
    closed: dict[str, int] = {}
    while ids := await _overdue_ids(deps):
        before = sum(closed.values())
        for session_id in ids:
            status = await _close(deps, session_id)
            if status is not None:
                closed[status.value] = closed.get(status.value, 0) + 1
        if sum(closed.values()) == before:  # the rest is being changed by somebody else; the next run looks again
            break
    if closed:
        logger.info("closed overdue sessions", extra=closed)
    return {**closed}


async def anything_overdue(deps: Deps) -> bool:
    """True when `finalize` has work."""
    return bool(await _overdue_ids(deps, limit=1))


def _grace(deps: Deps) -> timedelta:
    return timedelta(seconds=deps.settings.session_grace_s)


async def _overdue_ids(deps: Deps, limit: int = BATCH) -> Sequence[str]:
    now = deps.clock.now()
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        return await repository.overdue_ids(db, now, now - _grace(deps), limit)


async def _close(deps: Deps, session_id: str) -> Status | None:
    async with deps.database.transaction(None, all_organizations=True) as db:
        row = await repository.get_locked(db, session_id)
        now = deps.clock.now()
        event = _event(row, now, _grace(deps)) if row is not None else None
        if row is None or event is None:
            return None
        before, status = row.status, step(Status(row.status), event)
        row.status, row.updated_at = status.value, now
        row.end_reason = row.end_reason or ("expired" if status is Status.EXPIRED else _REASONS[event])
        if status in FINAL:
            row.ended_at = now
        await db.flush()
        await announce(db, row, before, now)
        room = Room.of(row)
    if status in FINAL:
        await close_room(deps, room)
    return status


def _event(row: VoiceSession, now: datetime, grace: timedelta) -> Event | None:
    return overdue(
        Status(row.status),
        expires_at=row.expires_at,
        last_heartbeat_at=row.last_heartbeat_at,
        now=now,
        grace=grace,
    )


FINALIZE = JobKind(
    name="sessions.finalize",
    run=finalize,
    every_s=EVERY_S,
    due=anything_overdue,
    summary="Closes sessions whose worker is gone, whose time is over, or that nobody joined.",
)
