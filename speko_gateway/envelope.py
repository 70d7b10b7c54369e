"""The REST envelope: how errors look on the wire, and in one place only."""

import logging
from dataclasses import asdict
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from speko_core.errors import SpekoError
from speko_core.ids import new_id
from speko_core.types import JsonObject

log = logging.getLogger("speko.gateway")

_ROUTER_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "BODY_TOO_LARGE"}


class Json(Response):
    """A JSON answer rendered by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Serialize."""
        return orjson.dumps(content)


def error_body(message: str, code: str, error: SpekoError | None = None) -> JsonObject:
    """`{"error", "code"}` plus the fields, causes and hint where there are any."""
    body: JsonObject = {"error": message, "code": code}
    if error is not None and error.fields:
        body["fields"] = [{"field": problem.field, "problem": problem.problem} for problem in error.fields]
    if error is not None and error.causes:
        body["causes"] = [asdict(cause) for cause in error.causes]
    if error is not None and error.hint:
        body["hint"] = error.hint
    return body


def error_response(error: SpekoError) -> Response:
    """The documented answer to an expected failure."""
    return Json(error_body(error.message, error.code, error), error.status, error_headers(error))


def error_headers(error: SpekoError) -> dict[str, str]:
    """When to come back, and how to sign in."""
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s is not None else {}
    return {**headers, "WWW-Authenticate": "Bearer"} if error.status == 401 else headers


async def on_speko_error(request: Request, error: Exception) -> Response:
    """Handler of expected failures."""
    assert isinstance(error, SpekoError)
    return error_response(error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Handler of the router's own 404, 405 and the like."""
    assert isinstance(error, HTTPException)
    text = {404: "not found", 405: "method not allowed"}.get(error.status_code, error.detail)
    code = _ROUTER_CODES.get(error.status_code, "HTTP_ERROR")
    return Json(error_body(text, code), error.status_code, dict(error.headers or {}))


async def on_unexpected(request: Request, error: Exception) -> Response:
    """A bug: logged in full under a reference that the caller gets instead of the text."""
    return Json(error_body(reported(request, error), "INTERNAL_ERROR"), 500)


def reported(request: Request, error: Exception) -> str:
    """Log a bug in full; the sentence with its reference that a caller may read."""
    reference = new_id("err")
    # The pattern, not the path: a path may hold an id that somebody meant to keep.
    route = getattr(request.scope.get("route"), "path", "unmatched")
    log.error("unhandled error", exc_info=error, extra={"reference": reference, "route": route})
    return f"Something went wrong on our side. Reference {reference}."
