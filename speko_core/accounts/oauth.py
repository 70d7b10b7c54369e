"""Access tokens of connected apps: what they may do, and who is behind one.

A grant is one person's consent to one app in one organization; `oauth_tokens.py` issues and rotates its tokens,
`oauth_consent.py` is where the person decides.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.models import Membership
from speko_core.accounts.oauth_models import OAuthGrant, OAuthToken
from speko_core.accounts.roles import ROLE_SCOPES
from speko_core.ports.secrets import Secrets
from speko_core.principal import Principal

ACCESS_PREFIX = "spo_"
REFRESH_PREFIX = "spr_"
ACCESS_TTL = timedelta(hours=1)
REFRESH_TTL = timedelta(days=30)
# What an app is given when it asks for nothing, and all that is advertised: enough to build and try agents.
DEFAULT_SCOPES = (
    "account:read", "agents:read", "agents:write", "docs:read", "sessions:read", "sessions:write",
)  # fmt: skip


async def resolve_access_token(
    db: AsyncSession, secrets: Secrets, token: str, now: datetime, resource: str
) -> Principal | None:
    """The principal behind an access token, or None when it is unknown, expired, revoked or for another audience.

    The scopes are those of the token that the person's present role still holds.
    """
    statement = (
        select(OAuthToken, OAuthGrant, Membership.role)
        .join(OAuthGrant, OAuthGrant.id == OAuthToken.grant_id)
        .join(
            Membership,
            (Membership.user_id == OAuthGrant.user_id) & (Membership.organization_id == OAuthGrant.organization_id),
        )
        .where(OAuthToken.digest == secrets.digest(token), OAuthToken.kind == "access", OAuthToken.expires_at > now)
    )
    found = (await db.execute(statement)).one_or_none()
    if found is None or found[1].revoked_at is not None:
        return None
    stored, grant, role = found
    if grant.resource != resource:
        return None
    scopes = frozenset(stored.scopes) & ROLE_SCOPES[role]
    toolsets = None if grant.toolsets is None else frozenset(grant.toolsets)
    return Principal(
        "oauth", grant.id, grant.organization_id, scopes, "live", grant.user_id, grant.client_name, toolsets=toolsets
    )
