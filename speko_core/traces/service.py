"""Keeping and showing the spans of a session."""

from speko_core.context import Ctx
from speko_core.sessions.schemas import SessionRef
from speko_core.sessions.service import found
from speko_core.sessions.worker_schemas import Accepted
from speko_core.traces import repository
from speko_core.traces.models import SessionTrace
from speko_core.traces.schemas import Trace, TraceAdd


async def show(ctx: Ctx, data: SessionRef) -> Trace:
    """The spans of a session the caller may see.

    Raises:
        NotFound: `SESSION_NOT_FOUND`.
    """
    session = await found(ctx, data.id)
    row = await repository.get(ctx.db, session.id)
    kept = row.tree if row else {"traceId": None, "spanTree": None}
    return Trace.model_validate({"sessionId": session.id, **kept})


async def keep(ctx: Ctx, data: TraceAdd) -> Accepted:
    """Store what a worker measured; the last report counts.

    Raises:
        NotFound: `SESSION_NOT_FOUND`.
    """
    session = await found(ctx, data.id, locked=True)
    row = await repository.get(ctx.db, session.id)
    if row is None:
        row = SessionTrace(session_id=session.id, organization_id=ctx.organization_id, created_at=ctx.now())
        ctx.db.add(row)
    row.tree = data.model_dump(mode="json", by_alias=True, include={"trace_id", "span_tree"})
    row.updated_at = ctx.now()
    await ctx.db.flush()
    return Accepted(ok=True)
