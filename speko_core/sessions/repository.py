"""Every query about sessions and turns."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.db.guard import CROSS
from speko_core.pagination import after
from speko_core.sessions.models import SessionTurn, VoiceSession
from speko_core.sessions.rules import FINAL, RUNNING, Status
from speko_core.sessions.schemas import SessionList

# What is not an id is not looked for: PostgreSQL answers some texts, such as a NUL, with an error.
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def get(db: AsyncSession, session_id: str) -> VoiceSession | None:
    """One session."""
    if not _ID.fullmatch(session_id):
        return None
    return (await db.execute(select(VoiceSession).where(VoiceSession.id == session_id))).scalar_one_or_none()


async def get_locked(db: AsyncSession, session_id: str) -> VoiceSession | None:
    """One session, held against concurrent changes until the transaction ends."""
    if not _ID.fullmatch(session_id):
        return None
    statement = select(VoiceSession).where(VoiceSession.id == session_id).with_for_update()
    return (await db.execute(statement)).scalar_one_or_none()


async def page(db: AsyncSession, query: SessionList) -> Sequence[VoiceSession]:
    """One row more than the page holds, newest first, so that the caller sees whether there is a next page."""
    statement = select(VoiceSession)
    if query.status is not None:
        statement = statement.where(VoiceSession.status == query.status)
    if query.kind is not None:
        statement = statement.where(VoiceSession.kind == query.kind)
    if query.agent is not None:
        statement = statement.where(VoiceSession.agent_id == query.agent)
    statement = after(statement, VoiceSession.created_at, VoiceSession.id, query.cursor)
    return (await db.execute(statement.limit(query.limit + 1))).scalars().all()


async def turns(db: AsyncSession, session_id: str) -> Sequence[SessionTurn]:
    """The turns of a session in order."""
    statement = select(SessionTurn).where(SessionTurn.session_id == session_id).order_by(SessionTurn.idx)
    return (await db.execute(statement)).scalars().all()


async def turns_at(db: AsyncSession, session_id: str, indexes: Iterable[int]) -> dict[int, SessionTurn]:
    """The stored turns among these indexes."""
    statement = select(SessionTurn).where(SessionTurn.session_id == session_id, SessionTurn.idx.in_(list(indexes)))
    return {turn.idx: turn for turn in (await db.execute(statement)).scalars()}


async def count_turns(db: AsyncSession, session_id: str) -> int:
    """How many turns a session has."""
    statement = select(func.count(SessionTurn.id)).where(SessionTurn.session_id == session_id)
    return (await db.execute(statement)).scalar_one()


async def consume_token(db: AsyncSession, session_id: str, digest: str, now: datetime) -> bool:
    """Use the caller's media token; of any number of concurrent uses exactly one gets True."""
    statement = (
        update(VoiceSession)
        .where(
            VoiceSession.id == session_id,
            VoiceSession.token_digest == digest,
            VoiceSession.token_used_at.is_(None),
            VoiceSession.status == Status.CREATED,
            VoiceSession.expires_at > now,
        )
        .values(token_used_at=now, updated_at=now)
        .returning(VoiceSession.id)
        .execution_options(synchronize_session=False)
    )
    return (await db.execute(statement)).scalar_one_or_none() is not None


async def restore_token(db: AsyncSession, session_id: str, digest: str, now: datetime) -> None:
    """Give the token back: no worker took the call, so the caller may try again."""
    statement = (
        update(VoiceSession)
        .where(
            VoiceSession.id == session_id, VoiceSession.token_digest == digest, VoiceSession.status == Status.CREATED
        )
        .values(token_used_at=None, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    await db.execute(statement)


async def overdue_ids(db: AsyncSession, now: datetime, silent_since: datetime, limit: int) -> Sequence[str]:
    """Sessions of every organization that the sweep should look at; `rules.overdue` has the last word."""
    silent = and_(
        VoiceSession.status.in_([status.value for status in RUNNING]),
        or_(
            VoiceSession.last_heartbeat_at < silent_since,
            # A running session past its end is closed by the sweep even when its worker still answers.
            VoiceSession.expires_at <= silent_since,
        ),
    )
    unjoined = and_(VoiceSession.status == Status.CREATED.value, VoiceSession.expires_at <= now)
    statement = (
        select(VoiceSession.id).where(or_(silent, unjoined)).order_by(VoiceSession.expires_at, VoiceSession.id)
    ).limit(limit)
    return (await db.execute(statement, execution_options={CROSS: True})).scalars().all()


async def finished_before(
    db: AsyncSession, moment: datetime, limit: int, *, with_turns: bool = False, with_recording: bool | None = None
) -> Sequence[str]:
    """Closed sessions of the organization that ended before `moment`.

    `with_turns` only those that have some; `with_recording` only those that have one, or have none.
    """
    ended = case((VoiceSession.ended_at.is_not(None), VoiceSession.ended_at), else_=VoiceSession.expires_at)
    statement = (
        select(VoiceSession.id)
        .where(VoiceSession.status.in_([status.value for status in FINAL]), ended < moment)
        .order_by(VoiceSession.id)
        .limit(limit)
    )
    if with_recording is not None:
        statement = statement.where(VoiceSession.recording_object_path.is_not(None) == with_recording)
    if with_turns:
        statement = statement.where(exists().where(SessionTurn.session_id == VoiceSession.id))
    return (await db.execute(statement)).scalars().all()
