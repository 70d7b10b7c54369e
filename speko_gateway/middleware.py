"""What surrounds every request: id, access log, CORS. Pure ASGI, so that streams pass through untouched."""

import logging
import re
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from speko_core.ids import new_id
from speko_core.limits import Allowance
from speko_core.logs import request_scope

log = logging.getLogger("speko.access")

_ID = re.compile(r"^[A-Za-z0-9_.-]{8,80}$")
# Heartbeats and probes: a line every second that says nothing.
_QUIET = ("/internal/", "/healthz", "/readyz")
ALLOWED_HEADERS = (
    "authorization, content-type, user-agent, x-speko-intent, x-speko-constraints, x-speko-stt-options, x-session-id, "
    "idempotency-key, last-event-id, accept, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name"
)
EXPOSED_HEADERS = (
    "x-speko-provider, x-speko-model, x-speko-failover-count, x-speko-scores-run-id, x-speko-audio-format, "
    "x-speko-ignored-options, x-speko-decision-id, "
    "x-request-id, retry-after, content-type, location, ratelimit-limit, ratelimit-remaining, ratelimit-reset"
)


class RequestContext:
    """Gives every request an id (the caller's own when it is plain), echoes it, and logs one line at the end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _mark(MutableHeaders(scope=message), scope, request_id)
            await send(message)

        try:
            with request_scope(request_id):
                await self.app(scope, receive, observe)
        finally:
            if scope["type"] == "http":
                _log_access(scope, request_id, status, time.perf_counter() - started)


def _mark(headers: MutableHeaders, scope: Scope, request_id: str) -> None:
    headers["X-Request-Id"] = request_id
    allowance: Allowance | None = scope["state"].get("allowance")
    if allowance is not None:
        headers["RateLimit-Limit"] = str(allowance.limit)
        headers["RateLimit-Remaining"] = str(allowance.remaining)
        headers["RateLimit-Reset"] = str(allowance.reset_s)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.match(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return new_id("req")


def _log_access(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    # The route's pattern, not the path: a path may hold ids and a query may hold tokens.
    route = scope.get("route")
    pattern = getattr(route, "path", None) or "unmatched"
    level = logging.DEBUG if pattern.startswith(_QUIET) else logging.INFO
    log.log(
        level,
        "request",
        extra={
            "request_id": request_id,
            "method": scope["method"],
            "route": pattern,
            "status": status,
            "ms": round(seconds * 1000, 1),
        },
    )


class Cors:
    """CORS for browser SDKs on `/v1`: bearer keys only, never cookies, so any origin may call."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and any(
            name == b"access-control-request-method" for name, _ in scope["headers"]
        ):
            await _preflight(send)
            return

        async def expose(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
            await send(message)

        await self.app(scope, receive, expose)


async def _preflight(send: Send) -> None:
    headers = [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, POST, PATCH, PUT, DELETE"),
        (b"access-control-allow-headers", ALLOWED_HEADERS.encode()),
        (b"access-control-max-age", b"600"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
