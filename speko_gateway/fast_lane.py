"""The short way to the busiest endpoints.

A list of a hundred routes and a stack of middleware cost as much as the work of a small call, so these endpoints are
looked up by their path and served at once. They are in the list as well, for every method but POST.
"""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from speko_core.errors import SpekoError
from speko_gateway.envelope import error_response, on_unexpected
from speko_gateway.middleware import RequestContext


class Gateway(Starlette):
    """Starlette, with `RequestContext` around everything it answers and a fast lane for POST to some of its routes."""

    def __init__(self, *, fast: Iterable[Route], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # Starlette's own options, passed on
        self._fast = {route.path: route for route in fast}
        self._surrounded = RequestContext(self._choose)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        scope["app"] = self
        await self._surrounded(scope, receive, send)

    async def _choose(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._fast.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if route is None:
            await super().__call__(scope, receive, send)
        else:
            await _serve(route, scope, receive, send)


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
