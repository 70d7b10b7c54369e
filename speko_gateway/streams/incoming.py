"""Reading what the one-shot doors are sent: bodies under limits and in time, headers as text."""

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from speko_core.errors import InvalidInput
from speko_gateway.body import read_body

SCOPE = "inference:use"
JSON_LIMIT_BYTES = 4_194_304
UPLOAD_TIMEOUT_S = 300.0
CLIENT_GONE = Response(status_code=499)


async def body_of(request: Request, limit: int) -> bytes | None:
    """The body, or None when the client went away while sending it.

    Raises:
        InvalidInput: it did not arrive in time.
        TooLarge: it is over `limit` bytes.
    """
    try:
        async with asyncio.timeout(UPLOAD_TIMEOUT_S):
            return await read_body(request, limit)
    except ClientDisconnect:
        return None
    except TimeoutError:
        raise InvalidInput(f"The request body did not arrive within {UPLOAD_TIMEOUT_S:g} seconds.") from None


def header(request: Request, name: str) -> str:
    """A header as UTF-8, or Latin-1 where it is not: browsers send JSON headers unescaped."""
    value = next((value for key, value in request.headers.raw if key == name.encode()), b"")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def session_of(request: Request) -> str | None:
    """The session that the usage belongs to, if the caller names one."""
    return request.headers.get("x-session-id", "").strip()[:80] or None
