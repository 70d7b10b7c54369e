"""What surrounds every request: id, CORS, access log. Pure ASGI in one layer: each one costs every request."""

import logging
import re
import time
from collections.abc import Awaitable, Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from speko_core.ids import new_id
from speko_core.limits import Allowance
from speko_core.logs import request_scope

log = logging.getLogger("speko.access")

_ID = re.compile(rb"[A-Za-z0-9_.-]{8,80}")
# Heartbeats and probes: a line every second that says nothing.
_QUIET = ("/internal/", "/healthz", "/readyz")
ALLOWED_HEADERS = (
    "authorization, content-type, user-agent, x-speko-intent, x-speko-constraints, x-speko-stt-options, x-session-id, "
    "idempotency-key, last-event-id, accept, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, "
    # What OpenAI's client for browsers sends.
    "openai-organization, openai-project, x-stainless-arch, x-stainless-helper-method, x-stainless-lang, "
    "x-stainless-os, x-stainless-package-version, x-stainless-retry-count, x-stainless-runtime, "
    "x-stainless-runtime-version, x-stainless-timeout"
)
EXPOSED_HEADERS = (
    "x-speko-provider, x-speko-model, x-speko-failover-count, x-speko-scores-run-id, x-speko-audio-format, "
    "x-speko-ignored-options, x-speko-decision-id, "
    "x-request-id, retry-after, content-type, location, ratelimit-limit, ratelimit-remaining, ratelimit-reset"
)


Header = tuple[bytes, bytes]
# For browser SDKs on `/v1`: bearer keys only, never cookies, so any origin may call.
_CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED_HEADERS.encode()),
)
_PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, POST, PATCH, PUT, DELETE"),
    (b"access-control-allow-headers", ALLOWED_HEADERS.encode()),
    (b"access-control-max-age", b"600"),
)


class RequestContext:
    """Gives every request an id (the caller's own when it is plain) and logs one line at its end.

    Every answer echoes the id, tells the rate limit, and under `/v1` allows any origin to read it. The status of an
    answer that has begun stands in the request's state.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        state, request_id, begun = scope.setdefault("state", {}), _request_id(scope), time.perf_counter()
        state["request_id"] = request_id

        def observe(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                state["status"] = message["status"]
                message["headers"] = [*message.get("headers", ()), *_marks(scope, request_id)]
            return send(message)

        try:
            with request_scope(request_id):
                if _asks_for_cors(scope):
                    await _preflight(observe)
                else:
                    await self.app(scope, receive, observe)
        finally:
            if scope["type"] == "http":
                _log_access(scope, request_id, state.get("status", 0), time.perf_counter() - begun)


def _marks(scope: Scope, request_id: str) -> Iterator[Header]:
    yield b"x-request-id", request_id.encode()
    allowance: Allowance | None = scope["state"].get("allowance")
    if allowance is not None:
        yield b"ratelimit-limit", b"%d" % allowance.limit
        yield b"ratelimit-remaining", b"%d" % allowance.remaining
        yield b"ratelimit-reset", b"%d" % allowance.reset_s
    if scope["path"].startswith("/v1/"):
        yield from _CORS


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return str(value.decode("ascii"))
    return new_id("req")


def _asks_for_cors(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "OPTIONS"
        and scope["path"].startswith("/v1/")
        and any(name == b"access-control-request-method" for name, _ in scope["headers"])
    )


async def _preflight(send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
    await send({"type": "http.response.body", "body": b""})


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
