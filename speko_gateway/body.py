"""Reading request bodies under a limit."""

import json

from starlette.requests import Request

from speko_core.errors import InvalidInput, TooLarge
from speko_core.types import JsonObject

JSON_LIMIT_BYTES = 1_048_576


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        TooLarge: the declared or the actual size is over `limit` bytes; refused as early as it is known.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


async def read_json_object(request: Request, limit: int = JSON_LIMIT_BYTES) -> JsonObject:
    """The body as a JSON object; an empty body is an empty object, as clients send it where all is optional.

    Raises:
        InvalidInput: not JSON, or not an object.
        TooLarge: over `limit` bytes.
    """
    raw = await read_body(request, limit)
    if not raw.strip():
        return {}
    try:
        parsed = json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidInput("Invalid request body: not valid JSON") from None
    if not isinstance(parsed, dict):
        raise InvalidInput("Invalid request body: must be a JSON object")
    return parsed


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The request body is over the limit of {limit} bytes.", hint="Send less in one request.")
