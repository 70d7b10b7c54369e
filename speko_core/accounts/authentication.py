"""From a bearer credential to a `Principal`. The prefix says which kind of credential it is."""

import hmac
from datetime import datetime, timedelta

from sqlalchemy import select, update

from speko_core.accounts import keys
from speko_core.accounts.models import ApiKey
from speko_core.accounts.oauth import ACCESS_PREFIX, resolve_access_token
from speko_core.deps import Deps
from speko_core.errors import Unauthorized
from speko_core.principal import ALL_SCOPES, Mode, Principal
from speko_core.sessions.tokens import SESSION_PREFIX, verify_session_token

LAST_USED_EVERY = timedelta(minutes=1)
SESSION_SCOPES = frozenset({"inference:use", "sessions:turns", "sessions:worker"})
WORKER_SCOPES = frozenset({"worker:run"})


async def authenticate(deps: Deps, bearer: str, *, resource: str | None = None) -> Principal:
    """Resolve a bearer credential.

    `resource` is the audience an OAuth token must have been issued for; a door that names none takes no OAuth tokens,
    because people let apps in at one door only.

    Raises:
        Unauthorized: unknown, malformed, expired or revoked.
    """
    if bearer.startswith("sk_"):
        return await _api_key(deps, bearer)
    if bearer.startswith(SESSION_PREFIX):
        return _session(deps, bearer)
    if bearer.startswith("wk_") and hmac.compare_digest(bearer, deps.worker_token):
        return Principal("worker", "worker", "", WORKER_SCOPES, label="worker")
    if bearer.startswith(ACCESS_PREFIX) and resource is not None:
        async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
            principal = await resolve_access_token(db, deps.secrets, bearer, deps.clock.now(), resource)
        if principal is not None:
            return principal
    raise _refused()


def _refused() -> Unauthorized:
    return Unauthorized("Unauthorized", hint="Send `Authorization: Bearer <api key>` with a key that is not revoked.")


async def _api_key(deps: Deps, bearer: str) -> Principal:
    digest = deps.secrets.digest(bearer)
    cached = deps.key_cache.get(digest, deps.clock.monotonic())
    if cached is not None:
        return cached
    if not keys.well_formed(bearer):
        raise _refused()
    principal = await _look_up(deps, digest)
    deps.key_cache.put(digest, principal, deps.clock.monotonic())
    return principal


async def _look_up(deps: Deps, digest: str) -> Principal:
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        key = (await db.execute(select(ApiKey).where(ApiKey.digest == digest))).scalar_one_or_none()
    now = deps.clock.now()
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise _refused()
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_EVERY:
        await _touch(deps, key.id, now)
    scopes = frozenset(key.scopes) & ALL_SCOPES
    mode: Mode = "test" if key.mode == "test" else "live"
    toolsets = None if key.toolsets is None else frozenset(key.toolsets)
    return Principal("api_key", key.id, key.organization_id, scopes, mode, key.created_by, key.name, toolsets=toolsets)


async def _touch(deps: Deps, key_id: str, now: datetime) -> None:
    async with deps.database.transaction(None, all_organizations=True) as db:
        await db.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now))


def _session(deps: Deps, bearer: str) -> Principal:
    claims = verify_session_token(deps.secrets, bearer, deps.clock.now())
    if claims is None:
        raise _refused()
    return Principal(
        "session",
        claims.session_id,
        claims.organization_id,
        SESSION_SCOPES,
        claims.mode,
        session_id=claims.session_id,
    )
