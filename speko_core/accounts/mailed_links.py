"""Single-use links by mail: a new password for who has an account, an account for who has none.

Asking answers the same whatever the address, and as fast: everything that depends on the address happens in
`mail_reset` and `mail_sign_up`, which doors run after they have answered. Opening a link proves the address.
"""

import logging
import secrets as random
from datetime import datetime, timedelta
from typing import Literal

from pydantic import EmailStr, TypeAdapter, ValidationError
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts import passwords, sign_in, throttle
from speko_core.accounts.entry_models import MailedLink, OutsideIdentity
from speko_core.accounts.models import User
from speko_core.accounts.repository import user_by_email
from speko_core.deps import Deps
from speko_core.errors import FieldProblem, Forbidden, InvalidInput, NotFound
from speko_core.ids import new_id
from speko_core.organizations.founding import found
from speko_core.ports.mail import MailFailed, Message

Purpose = Literal["reset", "sign_up"]
TTL = timedelta(hours=1)
# More than this many open links to one address would be somebody filling a mailbox.
OPEN_LINKS = 3
ASKING_LIMIT = throttle.Limit("mail", 10, "Too many requests for mail from here.")
_ADDRESS: TypeAdapter[str] = TypeAdapter(EmailStr)

logger = logging.getLogger(__name__)


async def admit(deps: Deps, client_ip: str) -> None:
    """Count a request for mail.

    Raises:
        RateLimited: too many came from this machine.
    """
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        await throttle.refuse_when_locked(db, ASKING_LIMIT, client_ip, now)
        await throttle.count(db, ASKING_LIMIT, client_ip, now)


def checked_address(text: str) -> str:
    """An address one mail can go to, in lower case.

    Raises:
        InvalidInput: it is none, or several.
    """
    try:
        return _ADDRESS.validate_python(text.strip()).lower()
    except ValidationError:
        problem = FieldProblem("email", "is not an e-mail address")
        raise InvalidInput("This is not an e-mail address.", fields=[problem]) from None


async def mail_reset(deps: Deps, email: str) -> None:
    """Mail a link for a new password, if the address has an account; tells the caller nothing either way."""
    async with deps.database.transaction(None, all_organizations=True) as db:
        user = await user_by_email(db, email)
        token = await _mint(db, deps, "reset", user.email) if user is not None else None
    if user is not None and token is not None:
        text = (
            "Somebody, most likely you, asked for a new password for Speko.\n\n"
            f"Choose it here within an hour:\n{deps.settings.base_url}/new-password?token={token}\n\n"
            "If it was not you, do nothing: your password stays as it is.\n"
        )
        await _send(deps, Message(user.email, "A new password for Speko", text))


async def mail_sign_up(deps: Deps, email: str) -> None:
    """Mail a link that makes an account; who has one already is told so by mail, not on the page.

    Raises:
        InvalidInput: it is not one address.
    """
    address = checked_address(email)
    async with deps.database.transaction(None, all_organizations=True) as db:
        user = await user_by_email(db, address)
        token = await _mint(db, deps, "sign_up", address)
    if token is None:
        return
    base_url = deps.settings.base_url
    if user is not None:
        text = f"You have an account already: sign in at {base_url}/sign-in, or choose a new password there.\n"
    else:
        text = f"Welcome to Speko.\n\nMake your account here within an hour:\n{base_url}/join?token={token}\n"
    await _send(deps, Message(address, "Your account at Speko", text))


async def address_of(deps: Deps, purpose: Purpose, token: str) -> str:
    """Whom an open link was mailed to; looking does not use it up.

    Raises:
        NotFound: it is unknown, used or expired.
    """
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        row = await db.get(MailedLink, deps.secrets.digest(token))
    if row is None or row.purpose != purpose or row.expires_at <= deps.clock.now():
        raise _gone()
    return row.email


async def reset(deps: Deps, token: str, password: str) -> None:
    """Store the new password. Browser sessions, unused links and connected apps of the person end.

    Raises:
        NotFound: the link is unknown, used or expired.
        InvalidInput: the password is too short or too long; the link stays usable.
    """
    now, password_hash = deps.clock.now(), await passwords.hashed(password)
    async with deps.database.transaction(None, all_organizations=True) as db:
        email = await _claim(db, deps, "reset", token)
        user = await user_by_email(db, email)
        if user is None:
            raise _gone()
        await _prove(db, user, now)
        await passwords.replace(db, user.id, password_hash, now)
        await throttle.forget(db, sign_in.PASSWORD_LIMIT, email)


async def join(deps: Deps, token: str, organization_name: str, password: str) -> str:
    """Make the account and its organization, and sign in; returns the cookie value.

    Raises:
        NotFound: the link is unknown, used or expired.
        Forbidden: the address got an account in the meantime.
        InvalidInput: the password is too short or too long; the link stays usable.
    """
    now, password_hash = deps.clock.now(), await passwords.hashed(password)
    organization_id = new_id("org")
    async with deps.database.transaction(organization_id) as db:
        email = await _claim(db, deps, "sign_up", token)
        if await user_by_email(db, email) is not None:
            raise Forbidden("This address has an account.", hint="Sign in instead.")
        user = await sign_in.find_or_create_user(db, email, now)
        user.password_hash, user.email_verified_at = password_hash, now
        ctx = await found(deps, db, organization_id, organization_name, user.id)
        cookie = await sign_in.open_session(db, deps, user.id, now)
    await ctx.run_after_commit()
    return cookie


async def _prove(db: AsyncSession, user: User, now: datetime) -> None:
    """The address is theirs. Whoever made the account before that may be somebody else, who must not keep a way in."""
    if user.email_verified_at is None:
        user.email_verified_at = now
        await db.execute(delete(OutsideIdentity).where(OutsideIdentity.user_id == user.id))
    await db.flush()


async def _mint(db: AsyncSession, deps: Deps, purpose: Purpose, email: str) -> str | None:
    now = deps.clock.now()
    await db.execute(delete(MailedLink).where(MailedLink.expires_at < now))
    open_links = select(func.count()).select_from(MailedLink).where(MailedLink.email == email)
    if (await db.execute(open_links)).scalar_one() >= OPEN_LINKS:
        return None
    token = random.token_urlsafe(32)
    digest = deps.secrets.digest(token)
    db.add(MailedLink(digest=digest, purpose=purpose, email=email, created_at=now, expires_at=now + TTL))
    return token


async def _claim(db: AsyncSession, deps: Deps, purpose: Purpose, token: str) -> str:
    """Use a link up, and every other open one of its address with it."""
    now: datetime = deps.clock.now()
    this = (MailedLink.digest == deps.secrets.digest(token), MailedLink.purpose == purpose, MailedLink.expires_at > now)
    email = (await db.execute(delete(MailedLink).where(*this).returning(MailedLink.email))).scalar_one_or_none()
    if email is None:
        raise _gone()
    await db.execute(delete(MailedLink).where(MailedLink.email == email))
    return email


async def _send(deps: Deps, message: Message) -> None:
    try:
        await deps.mail.send(message)
    except MailFailed as error:
        logger.error("mail was not sent", extra={"reason": str(error)})


def _gone() -> NotFound:
    return NotFound("This link is used or expired.", hint="Ask for a new one.")
