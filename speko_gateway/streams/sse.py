"""Server-sent events as the official clients parse them: LF only, one JSON object an event."""

from collections.abc import Mapping
from functools import cache

import orjson

from speko_core.types import JsonValue

# A comment: both official parsers skip it, and it keeps idle connections open.
PING = b": ping\n\n"
HEADERS: Mapping[str, str] = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


def frame(event: str, data: Mapping[str, JsonValue]) -> bytes:
    """One event."""
    return _opening(event) + orjson.dumps(data) + b"\n\n"


@cache
def _opening(event: str) -> bytes:
    return f"event: {event}\ndata: ".encode("ascii")
