"""Closing recordings that will not come: the worker was lost, or gave up without a word."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from speko_core.db.guard import CROSS
from speko_core.deps import Deps
from speko_core.ports.jobs import JobKind
from speko_core.recordings.rules import EXPECTED, GIVEN_UP_AFTER, RecordingStatus
from speko_core.sessions import repository
from speko_core.sessions.announce import announce_recording
from speko_core.sessions.models import VoiceSession
from speko_core.types import JsonObject

EVERY_S = 5.0
BATCH = 200


async def close_overdue(deps: Deps, args: JsonObject) -> JsonObject:
    """Fail every recording that is overdue; one transaction each."""
    failed = 0
    for session_id in await _overdue(deps, BATCH):
        async with deps.database.transaction(None, all_organizations=True) as db:
            row = await repository.get_locked(db, session_id)
            if row is None or row.recording_status not in EXPECTED:
                continue
            row.recording_status, row.updated_at = RecordingStatus.FAILED.value, deps.clock.now()
            await db.flush()
            await announce_recording(db, row, None, deps.clock.now())
            failed += 1
    return {"failed": failed}


async def anything_overdue(deps: Deps) -> bool:
    """True when `close_overdue` has work."""
    return bool(await _overdue(deps, 1))


async def _overdue(deps: Deps, limit: int) -> Sequence[str]:
    """A lost worker gets the grace that a silent one gets: it may only have been cut off."""
    now, grace = deps.clock.now(), timedelta(seconds=deps.settings.session_grace_s)
    statement = (
        select(VoiceSession.id)
        .where(VoiceSession.recording_status.in_([status.value for status in EXPECTED]), _ended_long_ago(now, grace))
        .order_by(VoiceSession.ended_at, VoiceSession.id)
        .limit(limit)
    )
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        return (await db.execute(statement, execution_options={CROSS: True})).scalars().all()


def _ended_long_ago(now: datetime, grace: timedelta) -> ColumnElement[bool]:
    lost = and_(VoiceSession.end_reason == "worker_lost", VoiceSession.ended_at < now - grace)
    return or_(lost, VoiceSession.ended_at < now - max(grace, GIVEN_UP_AFTER))


CLOSE = JobKind(
    name="recordings.close_overdue",
    run=close_overdue,
    every_s=EVERY_S,
    due=anything_overdue,
    summary="Fails recordings whose worker is gone.",
)
