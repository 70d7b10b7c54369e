"""Taking a recording from the worker that made it. Storing it happens outside of any transaction."""

from collections.abc import AsyncIterable

from speko_core.context import Ctx
from speko_core.deps import Deps
from speko_core.errors import Conflict, Forbidden, NotFound
from speko_core.ports.blobs import BlobTooLarge
from speko_core.principal import Principal
from speko_core.recordings.consent import allows_recording
from speko_core.recordings.rules import (
    CONTENT_TYPE,
    EVENT_URL_LIFE_S,
    EXPECTED,
    RecordingStatus,
    file_key,
    limit_bytes,
)
from speko_core.sessions import repository
from speko_core.sessions.announce import announce_recording
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.plan import SessionPlan
from speko_core.sessions.schemas import SessionRef
from speko_core.sessions.worker_schemas import Accepted


async def receive(
    deps: Deps, principal: Principal, session_id: str, chunks: AsyncIterable[bytes], duration_ms: int
) -> None:
    """Store the file of a session's recording; the worker repeats it until this returns or refuses.

    Raises:
        NotFound: no such session.
        Forbidden: not the session's own token.
        Conflict: `RECORDING_NOT_EXPECTED`, the session is not recorded, or has its recording already.
        BlobTooLarge: it is larger than the call can have been; the recording has failed.
        BlobsError: the store is away; it may be sent again.
    """
    limit = await _begin(deps, principal, session_id)
    key = file_key(principal.organization_id, session_id)
    try:
        await deps.blobs.put(key, chunks, limit_bytes=limit)
    except BlobTooLarge:
        await _settle(deps, principal.organization_id, session_id, RecordingStatus.FAILED)
        raise
    if not await _settle(
        deps, principal.organization_id, session_id, RecordingStatus.READY, key=key, duration_ms=duration_ms
    ):
        # Deleted, or given up, while the file came.
        await deps.blobs.delete(key)


async def give_up(ctx: Ctx, data: SessionRef) -> Accepted:
    """The worker has no file to send; repeating it changes nothing."""
    own = ctx.principal.kind == "session" and ctx.principal.session_id == data.id
    row = await repository.get_locked(ctx.db, data.id) if own else None
    if row is None:
        raise NotFound("Session not found", "SESSION_NOT_FOUND")
    if row.recording_status in EXPECTED:
        row.recording_status, row.updated_at = RecordingStatus.FAILED.value, ctx.now()
        await ctx.db.flush()
        await announce_recording(ctx.db, row, None, ctx.now())
    return Accepted(ok=True)


async def _begin(deps: Deps, principal: Principal, session_id: str) -> int:
    """Note that the file is coming; returns how large it may be."""
    if principal.kind != "session" or principal.session_id != session_id:
        raise Forbidden("Only the session's own token may do this.")
    async with deps.database.transaction(principal.organization_id) as db:
        row = await repository.get_locked(db, session_id)
        if row is None:
            raise NotFound("Session not found", "SESSION_NOT_FOUND")
        if row.recording_status in EXPECTED:
            allowed = await allows_recording(db, row.organization_id)
            status = RecordingStatus.UPLOADING if allowed else RecordingStatus.SUPPRESSED
            row.recording_status, row.updated_at = status.value, deps.clock.now()
    if row.recording_status != RecordingStatus.UPLOADING:
        raise Conflict("No recording of this session is expected.", "RECORDING_NOT_EXPECTED")
    return limit_bytes(SessionPlan.model_validate_json(row.plan).max_duration_s)


async def _settle(
    deps: Deps,
    organization_id: str,
    session_id: str,
    status: RecordingStatus,
    *,
    key: str | None = None,
    duration_ms: int | None = None,
) -> bool:
    """Close the matter and tell who listens; False when it is closed otherwise already."""
    url = await _event_url(deps, key)
    async with deps.database.transaction(organization_id) as db:
        row: VoiceSession | None = await repository.get_locked(db, session_id)
        if row is None or row.recording_status != RecordingStatus.UPLOADING:
            return row is not None and row.recording_status == status
        row.recording_status, row.updated_at = status.value, deps.clock.now()
        row.recording_object_path, row.recording_duration_ms = key, duration_ms
        await db.flush()
        await announce_recording(db, row, url, deps.clock.now())
    return True


async def _event_url(deps: Deps, key: str | None) -> str | None:
    if key is None:
        return None
    return await deps.blobs.download_url(key, content_type=CONTENT_TYPE, expires_in_s=EVENT_URL_LIFE_S)
