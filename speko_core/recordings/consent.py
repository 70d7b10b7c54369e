"""Whether a call may be recorded: the organization has the first word, and it may say no at any time."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.models import Organization


async def allows_recording(db: AsyncSession, organization_id: str) -> bool:
    """True unless the organization switched recording off, or is in HIPAA mode."""
    statement = select(Organization.recording_enabled, Organization.hipaa_mode).where(
        Organization.id == organization_id
    )
    enabled, hipaa_mode = (await db.execute(statement)).one()
    return bool(enabled and not hipaa_mode)
