"""How an installation's tokens are sealed: bound to its organization and row, to open nowhere else (ORG-8)."""

import json
import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from speko_core.integrations.models import Installation
from speko_core.ports.secrets import Secrets
from speko_core.types import JsonObject

log = logging.getLogger("speko.integrations")

# A token is renewed this long before its end, so that it outlives the call it is fetched for.
LEEWAY = timedelta(seconds=60)


@dataclass(frozen=True)
class Tokens:
    """What an app gave for an account. `expires_at` is None for tokens without an end."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime | None

    def lasts(self, now: datetime) -> bool:
        """True while the access token may be used."""
        return self.expires_at is None or now + LEEWAY < self.expires_at


def tokens_of(answer: JsonObject, now: datetime, before: Tokens | None = None) -> Tokens:
    """The tokens in the answer of a token endpoint; a refresh token that is not renewed stays.

    Raises:
        ValueError: there is no access token in it.
    """
    access, refresh, seconds = (answer.get(name) for name in ("access_token", "refresh_token", "expires_in"))
    if not isinstance(access, str) or not access:
        raise ValueError("no access token")
    ends = now + timedelta(seconds=float(seconds)) if isinstance(seconds, int | float) else None
    kept = before.refresh_token if before else None
    return Tokens(access, refresh if isinstance(refresh, str) and refresh else kept, ends)


def seal(secrets: Secrets, organization_id: str, row_id: str, tokens: Tokens) -> bytes:
    """The bytes to store."""
    expires_at = tokens.expires_at.isoformat() if tokens.expires_at else None
    plain = json.dumps({**asdict(tokens), "expires_at": expires_at})
    return secrets.seal(plain.encode(), bound_to=_binding(organization_id, row_id))


def open_tokens(secrets: Secrets, row: Installation) -> Tokens | None:
    """The tokens in the clear, for a call; None when there are none, or when they do not open, which is logged."""
    if row.sealed is None:
        return None
    try:
        found = json.loads(secrets.open(row.sealed, bound_to=_binding(row.organization_id, row.id)))
    except ValueError:
        log.error("the tokens of an installation do not open", extra={"app": row.app_key, "row_id": row.id})
        return None
    ends = found["expires_at"]
    return Tokens(found["access_token"], found["refresh_token"], datetime.fromisoformat(ends) if ends else None)


def _binding(organization_id: str, row_id: str) -> str:
    return f"{organization_id}/{row_id}"
