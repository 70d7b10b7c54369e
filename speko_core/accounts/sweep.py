"""What signing in leaves behind: rows whose time is over, that nobody can use any more."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts import oauth_clients
from speko_core.accounts.entry_models import MailedLink, OpenInvitation
from speko_core.accounts.models import BrowserSession, SignInFailure, SignInLink
from speko_core.accounts.oauth_consent import CODES_KEPT
from speko_core.accounts.oauth_models import OAuthClient, OAuthCode, OAuthGrant, OAuthRequest, OAuthToken
from speko_core.accounts.throttle import FORGOTTEN_AFTER
from speko_core.db.base import Base
from speko_core.types import JsonObject

# A person who wonders what an app did finds it among the connected apps for this long after it lost its access.
ENDED_GRANTS = timedelta(days=30)
# An app that nobody uses and nobody let in registers again when it comes back.
IDLE_CLIENTS = timedelta(days=90)


async def sweep(db: AsyncSession, now: datetime) -> JsonObject:
    """Delete it, and say how many rows of each kind. The transaction sees every organization."""
    used_links = or_(SignInLink.used_at.is_not(None), SignInLink.expires_at <= now)
    return {
        "signInLinks": await _delete(db, SignInLink, used_links),
        "browserSessions": await _delete(db, BrowserSession, BrowserSession.expires_at <= now),
        "mailedLinks": await _delete(db, MailedLink, MailedLink.expires_at <= now),
        "invitations": await _delete(db, OpenInvitation, OpenInvitation.expires_at <= now),
        "signInFailures": await _delete(db, SignInFailure, _forgotten(now)),
        **await _sweep_apps(db, now),
    }


async def _sweep_apps(db: AsyncSession, now: datetime) -> JsonObject:
    """From what lasts minutes to what lasts months: a grant goes after its tokens, an app after its grants."""
    return {
        "oauthRequests": await _delete(db, OAuthRequest, OAuthRequest.expires_at <= now),
        "oauthCodes": await _delete(db, OAuthCode, OAuthCode.expires_at <= now - CODES_KEPT),
        "oauthTokens": await _delete(db, OAuthToken, OAuthToken.expires_at <= now),
        "oauthGrants": await _delete(db, OAuthGrant, _ended(now)),
        "oauthClients": await _delete(db, OAuthClient, _unused(now)),
    }


def _forgotten(now: datetime) -> ColumnElement[bool]:
    unlocked = or_(SignInFailure.locked_until.is_(None), SignInFailure.locked_until <= now)
    return (SignInFailure.updated_at < now - FORGOTTEN_AFTER) & unlocked


def _ended(now: datetime) -> ColumnElement[bool]:
    usable = exists().where(OAuthToken.grant_id == OAuthGrant.id) | exists().where(OAuthCode.grant_id == OAuthGrant.id)
    long_ago = now - ENDED_GRANTS
    return (OAuthGrant.revoked_at < long_ago) | ((OAuthGrant.last_used_at < long_ago) & ~usable)


def _unused(now: datetime) -> ColumnElement[bool]:
    never = OAuthClient.last_used_at.is_(None) & (OAuthClient.created_at < now - oauth_clients.UNUSED_AFTER)
    idle = OAuthClient.last_used_at < now - IDLE_CLIENTS
    return (never | idle) & OAuthClient.id.not_in(select(OAuthGrant.client_id))


async def _delete(db: AsyncSession, table: type[Base], condition: ColumnElement[bool]) -> int:
    statement = delete(table).where(condition).execution_options(synchronize_session=False)
    return cast("CursorResult[object]", await db.execute(statement)).rowcount
