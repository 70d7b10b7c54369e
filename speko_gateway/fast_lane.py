"""The short way to the busiest endpoints.

A list of a hundred routes and a stack of middleware cost as much as the work of a small call, so these endpoints are
looked up by their path and served at once. They are in the list as well, for every other method. The MCP server has
its own middleware and routes; its one busy path is handed to it whole. The list is loaded with the first request that
needs it, in a thread, so that streams go on meanwhile.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from speko_core.errors import SpekoError
from speko_gateway.envelope import error_response, on_unexpected
from speko_gateway.middleware import RequestContext


class Gateway(Starlette):
    """Starlette, with `RequestContext` around everything it answers and a fast lane for some of its routes.

    A fast route answers POST, or GET where it has no POST. `whole` are applications that answer everything on one path;
    `late` makes the list of routes, the fast ones included.
    """

    def __init__(
        self,
        *,
        fast: Iterable[Route],
        whole: Mapping[str, ASGIApp],
        late: Callable[[], Sequence[BaseRoute]],
        **options: object,
    ) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # Starlette's own options, passed on
        self._fast = {route.path: ("POST" if "POST" in (route.methods or ()) else "GET", route) for route in fast}
        self._whole = whole
        self._late: Callable[[], Sequence[BaseRoute]] | None = late
        self._loading = asyncio.Lock()
        self._surrounded = RequestContext(self._choose)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        scope["app"] = self
        await self._surrounded(scope, receive, send)

    async def _choose(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"] if scope["type"] == "http" else ""
        fast = self._fast.get(path)
        if fast is not None and scope["method"] == fast[0]:
            await _serve(fast[1], scope, receive, send)
        elif path in self._whole:
            await self._whole[path](scope, receive, send)
        else:
            if self._late is not None and scope["type"] != "lifespan":
                await self._load()
            await super().__call__(scope, receive, send)

    async def _load(self) -> None:
        async with self._loading:
            if self._late is not None:
                self.router.routes[:] = await asyncio.to_thread(self._late)
                self._late = None


async def _serve(route: Route, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one endpoint with the envelope that the middleware stack gives the others."""
    scope["route"] = route
    request = Request(scope, receive)
    try:
        response = await route.endpoint(request)
        await response(scope, receive, send)
    except SpekoError as error:
        await error_response(error)(scope, receive, send)
    except Exception as error:
        answer = await on_unexpected(request, error)
        if "status" not in scope["state"]:
            await answer(scope, receive, send)
        raise  # as Starlette does: the server closes what has begun
