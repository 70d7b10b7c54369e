"""Apps that may ask people for access: who they are, where they may be sent back to, how many may register."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.oauth_models import CLIENT_ID_LENGTH, URL_LENGTH, OAuthClient, OAuthGrant
from speko_core.deps import Deps
from speko_core.errors import InvalidInput, RateLimited
from speko_core.ids import new_id
from speko_core.types import JsonObject

MAX_REDIRECT_URIS = 10
MAX_DOCUMENT_CHARACTERS = 8_000
# Every start of a coding agent may register anew, so an office behind one address needs some room.
REGISTRATIONS_PER_HOUR = 60
REGISTRATIONS_PER_HOUR_OVERALL = 1_000
UNUSED_AFTER = timedelta(days=1)
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]{1,60}$")
# Schemes that browsers run, read or hand to other programs; an app's own scheme is none of these.
_FORBIDDEN_SCHEMES = frozenset(
    {
        "about", "blob", "chrome", "data", "file", "filesystem", "ftp", "ftps", "gopher", "jar", "javascript", "mailto",
        "resource", "sms", "tel", "vbscript", "view-source", "ws", "wss",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Client:
    """A known app."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    document: JsonObject

    def allows(self, redirect_uri: str) -> bool:
        """True when the app registered this address; on a loopback host any port will do (RFC 8252, 7.3)."""
        return any(_same_redirect(known, redirect_uri) for known in self.redirect_uris)


def redirect_problem(uri: str) -> str | None:
    """Why people may not be sent to this address, or None when they may."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "is not a URL"
    if len(uri) > URL_LENGTH or any(character.isspace() or ord(character) < 32 for character in uri):
        return "is too long or holds blanks"
    if "#" in uri:
        return "must not have a fragment"
    if not _SCHEME.match(parts.scheme) or parts.scheme in _FORBIDDEN_SCHEMES:
        return "has a scheme that is not allowed"
    if parts.scheme in ("http", "https"):
        return _web_problem(parts, host)
    return None


def _web_problem(parts: SplitResult, host: str) -> str | None:
    if not host:
        return "has no host"
    if parts.username is not None or parts.password is not None:
        return "must not carry a user name"
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS:
        return "must use https, or a loopback host"
    return None


def is_loopback(uri: str) -> bool:
    """True when the address leads to a program on the person's own machine."""
    return (urlsplit(uri).hostname or "") in LOOPBACK_HOSTS


def redirect_host(uri: str) -> str:
    """What the person is shown of the address: its host, or the scheme of an app's own address."""
    parts = urlsplit(uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}://{parts.netloc}"


def _same_redirect(known: str, given: str) -> bool:
    if known == given:
        return True
    if not (known.startswith("http://") and is_loopback(known)) or redirect_problem(given) is not None:
        return False
    ours, theirs = urlsplit(known), urlsplit(given)
    return (ours.scheme, ours.hostname, ours.path, ours.query) == (
        theirs.scheme,
        theirs.hostname,
        theirs.path,
        theirs.query,
    )


async def find(deps: Deps, client_id: str) -> Client | None:
    """The app with this id."""
    if len(client_id) > CLIENT_ID_LENGTH:
        return None
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        row = await db.get(OAuthClient, client_id)
    return None if row is None else _client(row)


def _client(row: OAuthClient) -> Client:
    uris = row.document.get("redirect_uris")
    known = tuple(uri for uri in uris if isinstance(uri, str)) if isinstance(uris, list) else ()
    return Client(row.id, row.name, known, row.document)


def check_redirects(uris: Sequence[str]) -> None:
    """Check the addresses an app registers.

    Raises:
        InvalidInput: none, too many, or one of them is not allowed.
    """
    if not 1 <= len(uris) <= MAX_REDIRECT_URIS:
        raise InvalidInput(f"redirect_uris must hold 1 to {MAX_REDIRECT_URIS} addresses", "invalid_redirect_uri")
    for uri in uris:
        problem = redirect_problem(uri)
        if problem is not None:
            raise InvalidInput(f"A redirect URI {problem}", "invalid_redirect_uri")


async def register(deps: Deps, document: JsonObject, *, name: str, address: str) -> str:
    """Store a new app and return its id. Apps that were never used are forgotten after a day.

    Raises:
        RateLimited: too many registrations in the last hour, from this address or altogether.
    """
    now = deps.clock.now()
    origin = deps.secrets.digest(f"registration {address}")
    client_id = new_id("client")
    async with deps.database.transaction(None, all_organizations=True) as db:
        await _forget_unused(db, now)
        await _refuse_flood(db, origin, now)
        db.add(
            OAuthClient(
                id=client_id, kind="registered", name=name[:200], document=document, registered_from=origin,
                created_at=now,
            )
        )  # fmt: skip
    return client_id


async def remember(deps: Deps, client_id: str, document: JsonObject, *, name: str) -> Client:
    """Store what an app that is named by a URL publishes about itself; the newest version replaces the older."""
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        row = await db.get(OAuthClient, client_id)
        if row is None:
            row = OAuthClient(id=client_id, kind="document", name=name[:200], document=document, created_at=now)
            db.add(row)
        row.name, row.document = name[:200], document
        return _client(row)


async def touch(db: AsyncSession, client_id: str, now: datetime) -> None:
    """Note that a person let the app in, so that it is kept."""
    await db.execute(update(OAuthClient).where(OAuthClient.id == client_id).values(last_used_at=now))


async def _forget_unused(db: AsyncSession, now: datetime) -> None:
    granted = select(OAuthGrant.client_id)
    unused = OAuthClient.last_used_at.is_(None) & (OAuthClient.created_at < now - UNUSED_AFTER)
    await db.execute(delete(OAuthClient).where(unused, OAuthClient.id.not_in(granted)))


async def _refuse_flood(db: AsyncSession, origin: str, now: datetime) -> None:
    recent = OAuthClient.created_at > now - timedelta(hours=1)
    counted = select(func.count()).select_from(OAuthClient).where(recent)
    overall = (await db.execute(counted)).scalar_one()
    mine = (await db.execute(counted.where(OAuthClient.registered_from == origin))).scalar_one()
    if mine >= REGISTRATIONS_PER_HOUR or overall >= REGISTRATIONS_PER_HOUR_OVERALL:
        raise RateLimited("Too many apps registered in the last hour.", retry_after_s=600)
