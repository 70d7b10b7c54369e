"""OpenAI's shape of errors, for everything that goes wrong below its doors.

Source: https://platform.openai.com/docs/guides/error-codes, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from speko_core.errors import SpekoError
from speko_core.types import JsonObject
from speko_gateway.envelope import Json, error_headers, reported

# Clients of OpenAI look for these words; every other code is ours as documented.
_CODES: Final[Mapping[str, str]] = {
    "UNAUTHORIZED": "invalid_api_key",
    "RATE_LIMITED": "rate_limit_exceeded",
    "INSUFFICIENT_CREDITS": "insufficient_quota",
    "SPEND_LIMIT_REACHED": "insufficient_quota",
    "MODEL_NOT_FOUND": "model_not_found",
}
_TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}


def error_object(error: SpekoError) -> JsonObject:
    """`{"error": {"message", "type", "param", "code"}}`."""
    kind = _TYPES.get(error.status) or ("server_error" if error.status >= 500 else "invalid_request_error")
    text = f"{error.message} {error.hint}" if error.hint else error.message
    param = error.fields[0].field if error.fields else None
    return {"error": {"message": text, "type": kind, "param": param, "code": _CODES.get(error.code, error.code)}}


class OpenAiErrors:
    """Around each of these doors: whatever is raised inside is answered in OpenAI's shape."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        handlers, by_status = scope["starlette.exception_handlers"]
        ours = {**handlers, SpekoError: _on_speko_error, HTTPException: _on_http_exception}
        inner = {**scope, "starlette.exception_handlers": (ours, by_status)}
        begun = False

        async def observe(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(inner, receive, observe)
        except Exception as error:
            if begun:
                raise
            answer = _answer(SpekoError(reported(Request(scope), error)))
            await answer(scope, receive, send)


async def _on_speko_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SpekoError)
    return _answer(error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    content: JsonObject = {"message": error.detail, "type": "invalid_request_error", "param": None, "code": None}
    return Json({"error": content}, error.status_code, dict(error.headers or {}))


def _answer(error: SpekoError) -> Response:
    return Json(error_object(error), error.status, error_headers(error))
