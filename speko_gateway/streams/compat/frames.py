"""Server-sent events as OpenAI writes them: data only, no names."""

from collections.abc import Mapping

import orjson

from speko_core.types import JsonValue

DONE = b"data: [DONE]\n\n"


def data(content: Mapping[str, JsonValue]) -> bytes:
    """One event."""
    return b"data: %b\n\n" % orjson.dumps(content)
