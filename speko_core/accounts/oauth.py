"""OAuth grants: access tokens of connected apps."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.ports.secrets import Secrets
from speko_core.principal import Principal

ACCESS_PREFIX = "spo_"


async def resolve_access_token(
    db: AsyncSession, secrets: Secrets, token: str, now: datetime, resource: str | None
) -> Principal | None:
    """The principal behind an access token, or None when it is unknown, expired, revoked or for another audience."""
    return None
