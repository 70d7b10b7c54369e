"""Where the server is, as a client has to write it."""

from urllib.parse import urlsplit, urlunsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def endpoint(url: str) -> str:
    """The address of `/mcp` on a server, from its base URL or from that address itself. A query stays.

    Raises:
        ValueError: it is no address of a server; the text says why.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it has to start with http:// or https://")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("it must not hold a user name, a password or a fragment")
    path = parts.path.rstrip("/")
    path = path if path.endswith("/mcp") else f"{path}/mcp"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def is_same_server(one: str, other: str) -> bool:
    """Whether two addresses have the same origin."""
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def is_loopback(url: str) -> bool:
    """Whether it is on this machine."""
    return urlsplit(url).hostname in LOOPBACK
