"""Counting attempts per subject, across processes, so that guessing and mailing are slow.

A subject is a digest of what is limited: an address that signs in, an address or a machine that asks for mail.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.models import SignInFailure
from speko_core.errors import RateLimited

LOCK = timedelta(minutes=1)
LONGEST_LOCK = 60
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """How many attempts are free; each further one locks twice as long, from one minute to an hour."""

    name: str
    free: int
    refusal: str


def subject_of(limit: Limit, who: str) -> str:
    """The row's key: nothing in the table names anybody."""
    return hashlib.sha256(f"{limit.name} {who.strip().lower()}".encode()).hexdigest()


async def refuse_when_locked(db: AsyncSession, limit: Limit, who: str, now: datetime) -> None:
    """Let the attempt pass, or not.

    Raises:
        RateLimited: with the seconds to wait.
    """
    row = await db.get(SignInFailure, subject_of(limit, who))
    if row is not None and row.locked_until is not None and row.locked_until > now:
        raise RateLimited(limit.refusal, retry_after_s=int((row.locked_until - now).total_seconds()) + 1)


async def count(db: AsyncSession, limit: Limit, who: str, now: datetime) -> None:
    """Count one attempt; the one that spends the last free attempt locks the next."""
    subject = subject_of(limit, who)
    row = await db.get(SignInFailure, subject)
    if row is None:
        row = SignInFailure(subject=subject, count=0, updated_at=now)
        db.add(row)
    elif now - row.updated_at > FORGOTTEN_AFTER:
        row.count, row.locked_until = 0, None
    row.count += 1
    row.updated_at = now
    excess = row.count - limit.free
    if excess >= 0:
        row.locked_until = now + LOCK * min(2 ** min(excess, 10), LONGEST_LOCK)


async def forget(db: AsyncSession, limit: Limit, who: str) -> None:
    """Start over: the subject has proved to be itself."""
    await db.execute(delete(SignInFailure).where(SignInFailure.subject == subject_of(limit, who)))
