"""Is this request our own page's? CSRF tokens, origin checks, safe return addresses, cookies."""

import hmac
import secrets as random
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from speko_core.errors import Forbidden
from speko_core.ports.secrets import Secrets

SESSION_COOKIE = "speko_session"
VISITOR_COOKIE = "speko_visitor"
VISITOR_PURPOSE = "visitor-csrf"


def cookie_name(name: str, base_url: str) -> str:
    """`__Host-` on https: browsers then take the cookie from this host only, over TLS only."""
    return f"__Host-{name}" if base_url.startswith("https://") else name


def set_cookie(response: Response, name: str, value: str, base_url: str, max_age_s: int | None = None) -> None:
    """Set a cookie no script can read and no other site's form can send along."""
    secure = base_url.startswith("https://")
    response.set_cookie(
        cookie_name(name, base_url), value, max_age=max_age_s, path="/", httponly=True, samesite="lax", secure=secure
    )


def drop_cookie(response: Response, name: str, base_url: str) -> None:
    """Make the browser forget the cookie."""
    set_cookie(response, name, "", base_url, max_age_s=0)


def visitor_id(request: Request, base_url: str) -> str:
    """The random mark of a browser that is not signed in; made when absent."""
    return request.cookies.get(cookie_name(VISITOR_COOKIE, base_url)) or random.token_urlsafe(24)


def visitor_csrf(secrets: Secrets, visitor: str) -> str:
    """The form token that belongs to a visitor's cookie."""
    return secrets.sign(visitor.encode(), purpose=VISITOR_PURPOSE)


def check_csrf(expected: str, given: object) -> None:
    """Compare form tokens.

    Raises:
        Forbidden: the form did not come from a page this browser was given.
    """
    if not isinstance(given, str) or not hmac.compare_digest(expected.encode(), given.encode()):
        raise Forbidden("This form has expired.", "CSRF", hint="Go back, reload the page and send it again.")


def check_origin(request: Request, base_url: str) -> None:
    """Refuse a form that another site sent.

    Raises:
        Forbidden: the browser says the request came from elsewhere.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    own = {urlsplit(base_url).netloc, request.headers.get("host", "")}
    foreign_origin = origin is not None and urlsplit(origin).netloc not in own
    if site not in ("same-origin", "none") or foreign_origin:
        raise Forbidden("This form came from another site.", "CSRF")


def safe_next(value: str | None) -> str:
    """`value` when it is a path on this site, else the start page: a sign-in must not forward elsewhere."""
    if not value or not value.startswith("/") or any(character < " " or character == "\\" for character in value):
        return "/"
    parts = urlsplit(value)
    return "/" if parts.scheme or parts.netloc or value.startswith("//") else value
