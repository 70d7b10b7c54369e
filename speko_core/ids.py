"""Identifiers: sortable, prefixed by what they name."""

from uuid import UUID

from ulid import ULID


def new_id(prefix: str) -> str:
    """Return `prefix_` + a ULID: 26 characters, sortable by creation time to the millisecond."""
    return f"{prefix}_{ULID()}"


def new_session_id() -> str:
    """Return a session id: a ULID written as a UUID, because the wire documents a UUID there."""
    return str(UUID(bytes=ULID().bytes))
