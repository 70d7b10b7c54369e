"""Every query about traces."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.traces.models import SessionTrace


async def get(db: AsyncSession, session_id: str) -> SessionTrace | None:
    """The trace of one session of the organization."""
    return (await db.execute(select(SessionTrace).where(SessionTrace.session_id == session_id))).scalar_one_or_none()
