"""The edges of the HTTP application: what the framework leaves in its own words gets ours."""

import logging
from collections.abc import Iterable

from fastmcp.server.auth import AuthProvider
from fastmcp.server.auth.middleware import RequireAuthMiddleware
from fastmcp.server.http import StarletteWithLifespan
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from speko_core.deps import Deps
from speko_core.errors import SpekoError
from speko_core.ids import new_id
from speko_core.operations import AnyOperation
from speko_mcp.discovery import CALL
from speko_mcp.progress import Streams, takes_long
from speko_mcp.step_up import StepUp

log = logging.getLogger(__name__)

_TEXTS = {404: ("not found", "NOT_FOUND"), 405: ("method not allowed", "METHOD_NOT_ALLOWED")}


async def _no_stream(scope: Scope, receive: Receive, send: Send) -> None:
    # Nothing is pushed outside of a request: the specification's answer to a GET is then 405.
    response = JSONResponse(
        {"error": "method not allowed", "code": "METHOD_NOT_ALLOWED"}, 405, headers={"Allow": "POST, DELETE"}
    )
    await response(scope, receive, send)


def finish(
    app: StarletteWithLifespan,
    streaming: StarletteWithLifespan,
    path: str,
    deps: Deps,
    operations: Iterable[AnyOperation],
) -> None:
    """Add the answer to GET, the question for more scopes, progress, and the envelope of errors outside the transport.

    `streaming` is the same server with streams of events for answers.
    """
    auth: AuthProvider = app.state.fastmcp_auth
    tools = {name: operation for operation in operations for name in _names(operation)}
    guarded = _guarded(app, path)
    # Clients probe with GET and expect the same challenge as for POST before any 405.
    stream = RequireAuthMiddleware(
        _no_stream, auth.required_scopes, guarded.resource_metadata_url, guarded.challenge_scopes
    )
    long = [name for name, operation in tools.items() if takes_long(operation)]
    answering = Streams(guarded.app, _guarded(streaming, path).app, long, CALL)
    scopes = {name: operation.scope for name, operation in tools.items()}
    guarded.app = StepUp(answering, deps, scopes, str(guarded.resource_metadata_url))
    app.router.routes.append(Route(path, endpoint=stream, methods=["GET"]))
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_unexpected)


def _guarded(app: StarletteWithLifespan, path: str) -> RequireAuthMiddleware:
    """What stands around the transport and asks for a credential."""
    guarded = next(route for route in app.routes if isinstance(route, Route) and route.path == path).app
    assert isinstance(guarded, RequireAuthMiddleware)
    return guarded


def _names(operation: AnyOperation) -> tuple[str, ...]:
    return (operation.id, operation.tool.name) if operation.tool else (operation.id,)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text, code = _TEXTS.get(error.status_code, (error.detail, "HTTP_ERROR"))
    return JSONResponse({"error": text, "code": code}, error.status_code, headers=error.headers)


async def _on_unexpected(request: Request, error: Exception) -> Response:
    if isinstance(error, SpekoError):
        return JSONResponse({"error": error.message, "code": error.code}, error.status)
    reference = new_id("err")
    log.error("unhandled error", exc_info=error, extra={"reference": reference})
    text = f"Something went wrong on our side. Reference {reference}."
    return JSONResponse({"error": text, "code": "INTERNAL_ERROR"}, 500)
