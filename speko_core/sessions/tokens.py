"""Bearer credentials of one session: the worker's signed token and the caller's media token.

The worker's token (`st_`) is stateless: signed claims with an expiry, so that every one-shot call of a voice turn is
authorized without the database. The media token is random and single use; only its digest is stored.
"""

import base64
import binascii
import secrets as random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from speko_core.ports.secrets import Secrets
from speko_core.principal import Mode

SESSION_PREFIX = "st_"
MEDIA_PREFIX = "mt_"
# After the end the worker may still have to repeat reports, through a restart of the gateway for example.
REPORTING_GRACE = timedelta(minutes=15)
_PURPOSE = "session-token"
_MEDIA_BYTES = 32


@dataclass(frozen=True)
class SessionClaims:
    """What a verified session token says."""

    session_id: str
    organization_id: str
    mode: Mode
    expires_at: datetime


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    s: str
    o: str
    m: Mode
    e: int  # seconds since the epoch


def mint_session_token(secrets: Secrets, claims: SessionClaims) -> str:
    """The session's own bearer: `st_<claims>.<signature>`, both base64url without padding."""
    payload = _Payload(
        s=claims.session_id, o=claims.organization_id, m=claims.mode, e=int(claims.expires_at.timestamp())
    )
    body = base64.urlsafe_b64encode(payload.model_dump_json().encode()).rstrip(b"=")
    return f"{SESSION_PREFIX}{body.decode()}.{secrets.sign(body, purpose=_PURPOSE)}"


def verify_session_token(secrets: Secrets, token: str, now: datetime) -> SessionClaims | None:
    """The claims of an authentic, unexpired session token; None for anything else."""
    body, _, signature = token.removeprefix(SESSION_PREFIX).partition(".")
    if not token.isascii() or not token.startswith(SESSION_PREFIX) or not signature:
        return None
    if not secrets.verify(body.encode(), signature, purpose=_PURPOSE):
        return None
    try:
        payload = _Payload.model_validate_json(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValidationError, binascii.Error):
        return None
    expires_at = datetime.fromtimestamp(payload.e, UTC)
    return SessionClaims(payload.s, payload.o, payload.m, expires_at) if now < expires_at else None


def mint_media_token() -> str:
    """A caller's single-use media token: 256 bits, only characters of an RFC 7230 token (it rides as a subprotocol)."""
    return MEDIA_PREFIX + random.token_urlsafe(_MEDIA_BYTES)
