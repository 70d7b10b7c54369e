"""The web role's application: REST, streams, pages and the MCP server on one port."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from speko_core.deps import Deps
from speko_core.errors import SpekoError
from speko_core.readiness import check_readiness
from speko_gateway.envelope import Json, on_http_exception, on_speko_error, on_unexpected
from speko_gateway.fast_lane import Gateway
from speko_gateway.streams import oneshot
from speko_gateway.streams.conversations import Conversations

MCP_PATH = "/mcp"
Lifespan = Callable[[], AbstractAsyncContextManager[object]]


async def healthz(request: Request) -> Response:
    """The process is alive."""
    return Json({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Everything this installation expects is ready: 200, or 503 with what is not."""
    readiness = await check_readiness(request.app.state.deps)
    return Json(readiness.as_json(), 200 if readiness.ready else 503)


def create_app(deps: Deps, *, mcp_app: ASGIApp | None = None, mcp_lifespan: Lifespan | None = None) -> Starlette:
    """Build the application. The MCP app has its own lifespan inside ours."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if mcp_lifespan is not None:
                await stack.enter_async_context(mcp_lifespan())
            yield

    probes = [Route("/healthz", healthz), Route("/readyz", readyz)]

    def late() -> Sequence[BaseRoute]:
        found = import_module("speko_gateway.all_routes").all_routes(deps, mcp_app)
        return [*probes, *cast("list[BaseRoute]", found)]

    app = Gateway(
        fast=[*oneshot.routes(), *probes],
        whole={MCP_PATH: mcp_app} if mcp_app is not None else {},
        late=late,
        lifespan=lifespan,
        exception_handlers={SpekoError: on_speko_error, HTTPException: on_http_exception, Exception: on_unexpected},
    )
    # Official clients never expect a redirect from a slash.
    app.router.redirect_slashes = False
    app.state.deps = deps
    app.state.conversations = Conversations()
    return app
