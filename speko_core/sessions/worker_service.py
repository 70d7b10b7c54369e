"""What the voice worker asks of the gateway: register, keep a session alive, finish it."""

import re

from speko_core import leases
from speko_core.context import Ctx
from speko_core.errors import Forbidden, NotFound
from speko_core.sessions import repository, service
from speko_core.sessions.announce import announce
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.rooms import leave_room
from speko_core.sessions.rules import Event, Status
from speko_core.sessions.worker_schemas import Accepted, SessionClaim, SessionFinish, SessionStatus, WorkerHeartbeat

_MACHINE_WORD = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


async def heartbeat_worker(ctx: Ctx, data: WorkerHeartbeat) -> Accepted:
    """Renew a worker's lease: where it is, and how full."""
    lease = leases.Lease(data.instance_id, "worker", data.address, data.capacity, data.active, data.ready)
    await leases.renew(ctx.db, lease, ctx.now())
    return Accepted(ok=True)


async def heartbeat_session(ctx: Ctx, data: SessionClaim) -> SessionStatus:
    """Say that the session lives; the answer `ending`, or a final status, tells the worker to stop."""
    row = await _mine(ctx, data)
    if row.status in (Status.ACTIVE, Status.ENDING):
        row.last_heartbeat_at = row.updated_at = ctx.now()
        await ctx.db.flush()
    return SessionStatus.model_validate({"status": row.status})


async def finish(ctx: Ctx, data: SessionFinish) -> SessionStatus:
    """Close the session; repeating it changes nothing."""
    row = await _mine(ctx, data)
    still_open, before = row.ended_at is None, row.status
    service.close(ctx, row, Event.FAIL if data.status == "failed" else Event.FINISH, data.reason)
    if data.error and still_open:
        # Only machine words are kept: an upstream's sentence has no place in an answer of ours.
        row.error_code = data.error if _MACHINE_WORD.fullmatch(data.error) else "WORKER_ERROR"
    await ctx.db.flush()
    await announce(ctx.db, row, before, ctx.now())
    leave_room(ctx, row)
    return SessionStatus.model_validate({"status": row.status})


async def _mine(ctx: Ctx, data: SessionClaim) -> VoiceSession:
    if ctx.principal.kind != "session":
        raise Forbidden("Only the session's own token may do this.")
    row = await repository.get_locked(ctx.db, data.id) if ctx.principal.session_id == data.id else None
    if row is None:
        raise NotFound("Session not found", "SESSION_NOT_FOUND")
    # Not compared with the instance that claimed: a restarted worker reports what its predecessor left on disk.
    return row
