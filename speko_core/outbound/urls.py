"""The rules a URL meets when it is registered; its addresses are judged again each time it is dialled."""

import ipaddress
import re
import socket

import httpx

from speko_core.errors import FieldProblem, InvalidInput
from speko_core.outbound.addresses import Address, is_refused
from speko_core.settings import Settings

MAX_URL_CHARS = 2048
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".lan", ".intranet", ".private", ".home.arpa")
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


def check_url(url: str, settings: Settings, field: str = "url") -> None:
    """Refuse a URL that may not be registered.

    Raises:
        InvalidInput: `field` says what is wrong, in a sentence for the person who typed it.
    """
    problem = url_problem(url, allow_insecure=settings.allow_insecure_webhooks)
    if problem:
        raise InvalidInput(f"{field} {problem}.", fields=(FieldProblem(field, problem),))


def url_problem(url: str, *, allow_insecure: bool = False) -> str | None:
    """What is wrong with this URL, as the end of a sentence; None where it may be registered.

    `allow_insecure` is the development switch: http, loopback and private hosts pass too.
    """
    if len(url) > MAX_URL_CHARS:
        return f"must have at most {MAX_URL_CHARS} characters"
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "must be a URL"
    if parsed.scheme != "https" and not (allow_insecure and parsed.scheme == "http"):
        return "must start with https://"
    if parsed.userinfo:
        return "must not carry a user name or password; use a header with a secret"
    if parsed.port is not None and not 1 <= parsed.port <= 65535:
        return "must have a port from 1 to 65535"
    return _host_problem(parsed.raw_host.decode("ascii", "replace").lower().rstrip("."), allow_insecure)


def _host_problem(host: str, allow_insecure: bool) -> str | None:
    address = _literal(host)
    if address is not None:
        refused = is_refused(address, allow_private=allow_insecure)
        return "must not lead to a private or reserved address" if refused else None
    if not _NAME.fullmatch(host):
        return "must name a host"
    public = "." in host and not host.endswith(_PRIVATE_NAMES)
    return None if public or allow_insecure else "must name a public host"


def _literal(host: str) -> Address | None:
    """The address a host spells out, in any of the forms a resolver accepts: decimal, hexadecimal, octal, short."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
