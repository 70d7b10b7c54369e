"""The security headers of every page, and which script origins and sockets a page may use."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_ORIGIN = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?")

# Pages show names, transcripts and keys: nothing may keep them, frame them, or learn where a link led.
COMMON: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def page_headers(
    base_url: str, *, microphone: bool = False, media: Sequence[str] = (), form_targets: Sequence[str] = ()
) -> dict[str, str]:
    """Headers of one HTML answer.

    `media` are the URLs of servers the page may carry a call over; `form_targets` are sources a form's answer may
    redirect to: browsers apply `form-action` to the redirect too.
    """
    connect = ["'self'", *(origin for url in media for origin in _media_origins(url))]
    policy = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "media-src": ["'self'"],
        "connect-src": connect,
        "form-action": ["'self'", *form_targets],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    csp = "; ".join(f"{name} {' '.join(values)}" for name, values in policy.items())
    permissions = f"microphone={'(self)' if microphone else '()'}, camera=(), geolocation=(), payment=()"
    return {**COMMON, "Content-Security-Policy": csp, "Permissions-Policy": permissions}


def redirect_source(uri: str) -> tuple[str, ...]:
    """The policy source that allows a redirect to `uri`: its origin, or its scheme for a native app's own address.

    The address is the app's own words, so nothing of it enters the policy unchecked.
    """
    parts = urlsplit(uri)
    if not _SCHEME.fullmatch(parts.scheme):
        return ()
    # Policies cannot name IPv6 literals, nor native schemes' hosts.
    if parts.scheme not in ("http", "https") or ":" in (parts.hostname or ""):
        return (f"{parts.scheme}:",)
    origin = f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"
    return (f"{parts.scheme}://{origin}",) if _ORIGIN.fullmatch(origin) else ()


def _media_origins(url: str) -> tuple[str, str]:
    """The sockets of a server, and its HTTP side, which LiveKit's client asks why a socket was refused."""
    scheme, _, rest = url.partition("://")
    secure, host = "s" if scheme in ("https", "wss") else "", rest.partition("/")[0]
    return f"ws{secure}://{host}", f"http{secure}://{host}"
