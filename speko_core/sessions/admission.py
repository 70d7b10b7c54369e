"""Letting a caller of the embedded transport in: check the token, find a worker, use the token up, once."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from speko_core import leases
from speko_core.deps import Deps
from speko_core.sessions import repository
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.rules import FINAL, Status

# A worker that is being restarted is back within this time; the caller hears a short silence instead of a refusal.
WORKER_WAIT_S = 4.0
_LOOK_AGAIN_S = 0.25


class Refusal(IntEnum):
    """Why a caller is not let in: the close codes of docs/media-protocol.md."""

    NO_WORKER = 1011
    BAD_TOKEN = 4401
    NO_SESSION = 4404
    OVER = 4408
    USED = 4409


class NotAdmitted(Exception):
    """The caller is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal


@dataclass(frozen=True)
class Admission:
    """A caller with a valid, still unused token, and where it may go, best first."""

    session_id: str
    digest: str
    workers: tuple[str, ...]
    expires_at: datetime

    def remaining_s(self, now: datetime, grace_s: float) -> float:
        """Seconds until the relay must be over, whatever the worker does."""
        return max(0.0, (self.expires_at + timedelta(seconds=grace_s) - now).total_seconds())


async def admit(deps: Deps, session_id: str, token: str) -> Admission:
    """Check the token without using it, and wait a moment for a worker.

    Raises:
        NotAdmitted: with the reason.
    """
    digest = deps.secrets.digest(token)
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        row = await repository.get(db, session_id)
    check(row, digest, deps.clock.now())
    assert row is not None
    return Admission(row.id, digest, await reachable_workers(deps), row.expires_at)


def check(row: VoiceSession | None, digest: str, now: datetime, *, realtime: bool = False) -> None:
    """Whether the token with this digest admits to the session; to a speech-to-speech one only where asked for.

    Raises:
        NotAdmitted: with the reason.
    """
    if row is None:
        raise NotAdmitted(Refusal.NO_SESSION)
    if row.token_digest is None or not hmac.compare_digest(row.token_digest, digest):
        raise NotAdmitted(Refusal.BAD_TOKEN)
    if (row.transport == "realtime") != realtime:
        raise NotAdmitted(Refusal.BAD_TOKEN)
    if row.token_used_at is not None:
        raise NotAdmitted(Refusal.USED)
    if row.expires_at <= now or row.status == Status.EXPIRED:
        raise NotAdmitted(Refusal.BAD_TOKEN)
    if row.status in FINAL:
        raise NotAdmitted(Refusal.OVER)


async def reachable_workers(deps: Deps) -> tuple[str, ...]:
    """Addresses of workers that can take a call now, best first; waits a moment for one.

    Raises:
        NotAdmitted: `NO_WORKER`.
    """
    deadline = deps.clock.monotonic() + WORKER_WAIT_S
    while True:
        async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
            rows = await leases.available_workers(db, deps.clock.now())
        if rows:
            return tuple(row.address for row in rows)
        if deps.clock.monotonic() >= deadline:
            raise NotAdmitted(Refusal.NO_WORKER)
        await deps.clock.sleep(_LOOK_AGAIN_S)


async def use_token(deps: Deps, admission: Admission) -> None:
    """Use the token up.

    Raises:
        NotAdmitted: somebody else was faster.
    """
    async with deps.database.transaction(None, all_organizations=True) as db:
        used = await repository.consume_token(db, admission.session_id, admission.digest, deps.clock.now())
    if not used:
        raise NotAdmitted(Refusal.USED)


async def give_token_back(deps: Deps, admission: Admission) -> None:
    """No worker took the call: let the caller try again. Changes nothing once a worker has claimed the session."""
    async with deps.database.transaction(None, all_organizations=True) as db:
        await repository.restore_token(db, admission.session_id, admission.digest, deps.clock.now())
