"""The edges of the HTTP application: what the framework leaves in its own words gets ours."""

import logging
from collections.abc import Mapping

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
from speko_mcp.step_up import StepUp

log = logging.getLogger(__name__)

_TEXTS = {404: ("not found", "NOT_FOUND"), 405: ("method not allowed", "METHOD_NOT_ALLOWED")}


async def _no_stream(scope: Scope, receive: Receive, send: Send) -> None:
    # Nothing is pushed outside of a request: the specification's answer to a GET is then 405.
    response = JSONResponse(
        {"error": "method not allowed", "code": "METHOD_NOT_ALLOWED"}, 405, headers={"Allow": "POST, DELETE"}
    )
    await response(scope, receive, send)


def finish(app: StarletteWithLifespan, path: str, deps: Deps, scopes: Mapping[str, str]) -> None:
    """Add the answer to GET, the question for more scopes, and the envelope of errors outside the transport.

    `scopes` maps tool names to the scope each needs.
    """
    auth: AuthProvider = app.state.fastmcp_auth
    guarded = next(route for route in app.routes if isinstance(route, Route) and route.path == path)
    challenge = guarded.app
    assert isinstance(challenge, RequireAuthMiddleware)
    # Clients probe with GET and expect the same challenge as for POST before any 405.
    stream = RequireAuthMiddleware(
        _no_stream, auth.required_scopes, challenge.resource_metadata_url, challenge.challenge_scopes
    )
    challenge.app = StepUp(challenge.app, deps, scopes, str(challenge.resource_metadata_url))
    app.router.routes.append(Route(path, endpoint=stream, methods=["GET"]))
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_unexpected)


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
