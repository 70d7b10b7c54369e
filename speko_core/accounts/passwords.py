"""Passwords: hashed with argon2id off the event loop, and what ends when one changes."""

import asyncio
from datetime import datetime
from functools import cache

from pwdlib import PasswordHash
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts import oauth_tokens
from speko_core.accounts.models import BrowserSession, SignInLink, User
from speko_core.deps import Deps
from speko_core.errors import FieldProblem, InvalidInput

MIN_PASSWORD = 10
# Hashing reads all of it, and strangers may send it.
MAX_PASSWORD = 200

_hasher = PasswordHash.recommended()


@cache
def _decoy() -> str:
    """Verified when the user does not exist, so that both answers take as long. Made at first use: it costs 0.1 s."""
    return _hasher.hash("no such user")


async def verify(user: User | None, password: str) -> bool:
    """True when it is the user's password; takes as long when there is no such user, or no password."""
    decoy = await asyncio.to_thread(_decoy)
    stored = user.password_hash if user is not None else None
    correct = await asyncio.to_thread(_hasher.verify, password[:MAX_PASSWORD], stored or decoy)
    return correct and stored is not None


async def hashed(password: str) -> str:
    """The hash to store.

    Raises:
        InvalidInput: the password is too short or too long.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        problem = FieldProblem("password", f"must have at least {MIN_PASSWORD} and at most {MAX_PASSWORD} characters")
        raise InvalidInput(f"password {problem.problem}", fields=[problem])
    return await asyncio.to_thread(_hasher.hash, password)


async def change_password(deps: Deps, user: User, current: str, password: str) -> None:
    """Set a password; who has one already must know it, because a browser left open must not be enough.

    Raises:
        InvalidInput: the current password is wrong, or the new one too short or too long.
    """
    if user.password_hash is not None and not await verify(user, current):
        problem = FieldProblem("current", "is not your password")
        raise InvalidInput(f"The current password {problem.problem}.", fields=[problem])
    await set_password(deps, user.id, password)


async def set_password(deps: Deps, user_id: str, password: str) -> None:
    """Store a new password and end whatever the old one, or somebody who knew it, has opened.

    Raises:
        InvalidInput: the password is too short or too long.
    """
    password_hash = await hashed(password)
    async with deps.database.transaction(None, all_organizations=True) as db:
        await replace(db, user_id, password_hash, deps.clock.now())


async def replace(db: AsyncSession, user_id: str, password_hash: str, now: datetime) -> None:
    """Store a hash; browser sessions, unused sign-in links and the access of connected apps end with the old one."""
    await db.execute(update(User).where(User.id == user_id).values(password_hash=password_hash, updated_at=now))
    await db.execute(delete(BrowserSession).where(BrowserSession.user_id == user_id))
    await db.execute(delete(SignInLink).where(SignInLink.user_id == user_id))
    await oauth_tokens.revoke_all(db, user_id, now)
