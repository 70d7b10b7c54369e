"""The web role's application: REST, streams, pages and the MCP server on one port."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from speko_core import registry
from speko_core.chat.openapi import chat_paths
from speko_core.deps import Deps
from speko_core.errors import SpekoError
from speko_core.oneshot.openapi import openapi_paths
from speko_core.readiness import check_readiness
from speko_gateway import binding, openapi
from speko_gateway.envelope import Json, on_http_exception, on_speko_error, on_unexpected
from speko_gateway.fast_lane import Gateway
from speko_gateway.streams import blobs, chat, media, oneshot, realtime, recordings, transcribe_stream
from speko_gateway.streams.compat.openapi import openapi_paths as compat_paths
from speko_gateway.streams.compat.routes import routes as compat_routes
from speko_gateway.streams.conversations import Conversations
from speko_gateway.web.routes import web_routes

MCP_PATH = "/mcp"
Lifespan = Callable[[], AbstractAsyncContextManager[object]]


async def healthz(request: Request) -> Response:
    """The process is alive."""
    return Json({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Everything this installation expects is ready: 200, or 503 with what is not."""
    readiness = await check_readiness(request.app.state.deps)
    return Json(readiness.as_json(), 200 if readiness.ready else 503)


async def openapi_json(request: Request) -> Response:
    """The OpenAPI document."""
    deps: Deps = request.app.state.deps
    return Json(document(deps.settings.base_url))


def document(base_url: str) -> dict[str, object]:
    """The OpenAPI document of this version."""
    return openapi.build(registry.OPERATIONS, {**openapi_paths(), **chat_paths(), **compat_paths()}, base_url)


def create_app(deps: Deps, *, mcp_app: ASGIApp | None = None, mcp_lifespan: Lifespan | None = None) -> Starlette:
    """Build the application. The MCP app is mounted last, with its own lifespan inside ours."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if mcp_lifespan is not None:
                await stack.enter_async_context(mcp_lifespan())
            yield

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
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/openapi.json", openapi_json),
        *web_routes(deps),
    ]
    if mcp_app is not None:
        routes.append(Mount("/", app=mcp_app))
    app = Gateway(
        fast=oneshot.routes(),
        whole={MCP_PATH: mcp_app} if mcp_app is not None else {},
        routes=routes,
        lifespan=lifespan,
        exception_handlers={SpekoError: on_speko_error, HTTPException: on_http_exception, Exception: on_unexpected},
    )
    # Official clients never expect a redirect from a slash.
    app.router.redirect_slashes = False
    app.state.deps = deps
    app.state.conversations = Conversations()
    return app
