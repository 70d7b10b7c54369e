"""Reading sessions, recording their turns, asking them to end."""

from speko_core.context import Ctx
from speko_core.errors import NotFound
from speko_core.ids import new_id
from speko_core.pagination import page_of
from speko_core.sessions import render, repository
from speko_core.sessions.announce import announce
from speko_core.sessions.models import SessionTurn, VoiceSession
from speko_core.sessions.rooms import leave_room
from speko_core.sessions.rules import FINAL, Event, Status, step
from speko_core.sessions.schemas import SessionDetail, SessionList, SessionPage, SessionRef, SessionState
from speko_core.sessions.turn_schemas import Transcript, TurnIn, TurnsAdd


async def list_sessions(ctx: Ctx, data: SessionList) -> SessionPage:
    """One page, newest first."""
    shown, cursor = page_of(await repository.page(ctx.db, data), data.limit)
    return SessionPage(entries=[render.entry(row) for row in shown], next_cursor=cursor)


async def get(ctx: Ctx, data: SessionRef) -> SessionDetail:
    """One session in full."""
    row = await found(ctx, data.id)
    return render.detail(row, await repository.count_turns(ctx.db, row.id))


async def transcript(ctx: Ctx, data: SessionRef) -> Transcript:
    """The turns so far, oldest first."""
    row = await found(ctx, data.id)
    return render.transcript(await repository.turns(ctx.db, row.id))


async def add_turns(ctx: Ctx, data: TurnsAdd) -> None:
    """Store turns; the same index replaces, and the last report of an index wins.

    Late turns of a closed session are kept: the worker repeats a report until it is accepted.
    """
    row = await found(ctx, data.id, locked=True)
    latest = {turn.index: turn for turn in data.turns}
    stored = await repository.turns_at(ctx.db, row.id, latest)
    for index, turn in sorted(latest.items()):
        target = stored.get(index)
        if target is None:
            target = _new_turn(ctx, row.id, index)
            ctx.db.add(target)
        _write(ctx, target, turn)
    await ctx.db.flush()
    ctx.resource_id = row.id


async def end(ctx: Ctx, data: SessionRef) -> SessionState:
    """Ask a session to end: at once when nobody joined, else its worker stops within seconds."""
    row = await found(ctx, data.id, locked=True)
    before = row.status
    close(ctx, row, Event.END, "requested")
    await ctx.db.flush()
    await announce(ctx.db, row, before, ctx.now())
    leave_room(ctx, row)
    ctx.resource_id = row.id
    return render.state(row)


def close(ctx: Ctx, row: VoiceSession, event: Event, reason: str) -> None:
    """Move a session by `event`; the first reason of its end stays.

    Raises:
        rules.IllegalTransition: the event cannot happen in its state.
    """
    before, after = Status(row.status), step(Status(row.status), event)
    if before is after:
        return
    row.status, row.updated_at = after.value, ctx.now()
    row.end_reason = row.end_reason or reason
    if after in FINAL:
        row.ended_at = ctx.now()


async def found(ctx: Ctx, session_id: str, *, locked: bool = False) -> VoiceSession:
    """The session, if the caller may see it; a session's own token sees only that session.

    Raises:
        NotFound: `SESSION_NOT_FOUND`, also for another organization's.
    """
    load = repository.get_locked if locked else repository.get
    own = ctx.principal.session_id
    row = await load(ctx.db, session_id) if own is None or own == session_id else None
    if row is None:
        raise NotFound("Session not found", "SESSION_NOT_FOUND", hint="List the sessions to find an id.")
    return row


def _new_turn(ctx: Ctx, session_id: str, index: int) -> SessionTurn:
    return SessionTurn(
        id=new_id("turn"),
        organization_id=ctx.organization_id,
        session_id=session_id,
        idx=index,
        created_at=ctx.now(),
    )


def _write(ctx: Ctx, target: SessionTurn, turn: TurnIn) -> None:
    target.source, target.text, target.agent_id = turn.source, turn.text, turn.agent_id
    target.started_at, target.ended_at = turn.started_at, turn.ended_at
    target.provider, target.model = turn.provider, turn.model
    target.interrupted = turn.interrupted
    target.legs = turn.legs.model_dump(mode="json", exclude_none=True) if turn.legs else {}
    target.latency = turn.latency.model_dump(mode="json", exclude_none=True) if turn.latency else {}
    target.tool_calls = [{"name": call.name, "args": render.json_text(call.args)} for call in turn.tool_calls or ()]
    target.updated_at = ctx.now()
