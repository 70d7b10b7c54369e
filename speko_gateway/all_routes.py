"""Every route of the web role. Loaded with the first request that is not for one of its few busy endpoints.

A process that only serves model calls never loads the rest: operations, streams and pages are a sixth of its memory.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from speko_core import registry
from speko_core.chat.openapi import chat_paths
from speko_core.deps import Deps
from speko_core.oneshot.openapi import openapi_paths
from speko_gateway import binding, openapi
from speko_gateway.envelope import Json
from speko_gateway.streams import blobs, chat, media, oneshot, realtime, recordings, transcribe_stream
from speko_gateway.streams.compat.openapi import openapi_paths as compat_paths
from speko_gateway.streams.compat.routes import routes as compat_routes
from speko_gateway.web.routes import web_routes


async def openapi_json(request: Request) -> Response:
    """The OpenAPI document."""
    deps: Deps = request.app.state.deps
    return Json(document(deps.settings.base_url))


def document(base_url: str) -> dict[str, object]:
    """The OpenAPI document of this version."""
    return openapi.build(registry.OPERATIONS, {**openapi_paths(), **chat_paths(), **compat_paths()}, base_url)


def all_routes(deps: Deps, mcp_app: ASGIApp | None) -> list[BaseRoute]:
    """REST, streams, pages; the MCP app last, because it answers every path that is left."""
    routes: list[BaseRoute] = [
        *oneshot.routes(),
        *chat.routes(),
        *compat_routes(),
        *transcribe_stream.routes(),
        *media.routes(),
        *realtime.routes(),
        *blobs.routes(),
        *recordings.routes(),
        *binding.routes(registry.OPERATIONS),
        Route("/openapi.json", openapi_json),
        *web_routes(deps),
    ]
    return [*routes, Mount("/", app=mcp_app)] if mcp_app is not None else routes
