"""Every query about phone numbers."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.telephony.models import PhoneNumber


async def every(db: AsyncSession) -> Sequence[PhoneNumber]:
    """All numbers of the organization, oldest first."""
    return (await db.execute(select(PhoneNumber).order_by(PhoneNumber.created_at, PhoneNumber.id))).scalars().all()


async def get(db: AsyncSession, number_id: str) -> PhoneNumber | None:
    """One number of the organization."""
    return (await db.execute(select(PhoneNumber).where(PhoneNumber.id == number_id))).scalar_one_or_none()


async def get_locked(db: AsyncSession, number_id: str) -> PhoneNumber | None:
    """One number, held against concurrent changes until the transaction ends."""
    statement = select(PhoneNumber).where(PhoneNumber.id == number_id).with_for_update()
    return (await db.execute(statement)).scalar_one_or_none()


async def by_number(db: AsyncSession, e164: str) -> PhoneNumber | None:
    """The organization's row of this number."""
    return (await db.execute(select(PhoneNumber).where(PhoneNumber.e164 == e164))).scalar_one_or_none()
