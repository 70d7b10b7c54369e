"""Every query about organizations' provider keys."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.byok.models import ProviderKey


async def keys(db: AsyncSession) -> Sequence[ProviderKey]:
    """The organization's keys, still sealed."""
    return (await db.execute(select(ProviderKey).order_by(ProviderKey.provider))).scalars().all()


async def key(db: AsyncSession, provider: str) -> ProviderKey | None:
    """The organization's key of one vendor."""
    statement = select(ProviderKey).where(ProviderKey.provider == provider).with_for_update()
    return (await db.execute(statement)).scalar_one_or_none()
