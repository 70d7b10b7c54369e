"""The short way of plain calls and lists.

Around each message the framework builds a session, contexts and a dozen models, which costs more than the work of a
small tool. A plain request needs none of it: inside the framework's guards and sign-in it is taken here, runs the same
tool, and is answered with the same bytes. Everything else goes on to the framework untouched: what asks a person,
reports progress, lacks a scope or a permission, is written unusually, or is wrong.
"""

from collections import OrderedDict
from collections.abc import Mapping

from starlette.datastructures import QueryParams
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from speko_core.principal import Principal
from speko_mcp import wire
from speko_mcp.binding import OperationTool
from speko_mcp.bodies import Body
from speko_mcp.catalog import Catalog, refused
from speko_mcp.confirm import is_needed
from speko_mcp.identity import PrincipalToken
from speko_mcp.progress import takes_long
from speko_mcp.surface import Surface, surface_of

# Larger requests take the long way.
MAX_BODY_BYTES = 262_144
# Lists of the framework that are kept, each some tens of kilobytes.
KEPT = 64
_JSON = "application/json"
_PLAIN_PARAMS = {wire.CALL: frozenset({"name", "arguments", "_meta"}), wire.LIST: frozenset({"_meta"})}
# All that the list of tools depends on: protocol version, choice, whether the caller is an app, scopes.
Audience = tuple[str, Surface, bool, frozenset[str]]


class Lane:
    """ASGI middleware inside authentication, around the routes."""

    def __init__(self, app: ASGIApp, catalog: Catalog, path: str) -> None:
        self._app = app
        self._catalog = catalog
        self._route = Route(path, app, methods=["POST"])
        self._lists: OrderedDict[Audience, bytes] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        principal, headers = _caller(scope, self._route.path), _plain_headers(scope)
        if principal is None or headers is None:
            await self._app(scope, receive, send)
            return
        body = Body(receive)
        request = wire.read(headers, await body.read(MAX_BODY_BYTES))
        if request is None or not request.params.keys() <= _PLAIN_PARAMS[request.method]:
            await self._app(scope, body.replay, send)
            return
        surface = surface_of(QueryParams(scope["query_string"]), headers, principal.toolsets)
        if request.method == wire.CALL:
            answer, watched = await self._call(request, surface, principal), send
        else:
            audience = (request.version, surface, principal.kind == "oauth", principal.scopes)
            answer, watched = self._listed(request, audience), self._keeping(request, audience, send)
        if answer is None:
            await self._app(scope, body.replay, watched)
            return
        scope["route"] = self._route
        await _send(request, answer, send)

    async def _call(self, request: wire.Request, surface: Surface, principal: Principal) -> bytes | None:
        tool = self._catalog.find(request.params["name"])
        if tool is None or not _runs_alone(tool, surface, principal) or _is_watched(tool, request):
            return None
        result = await tool.call(request.params.get("arguments") or {})
        return wire.answer(request, wire.result_of(result, request))

    def _listed(self, request: wire.Request, audience: Audience) -> bytes | None:
        kept = self._lists.get(audience)
        if kept is None:
            return None
        self._lists.move_to_end(audience)
        return wire.opening(request) + kept

    def _keeping(self, request: wire.Request, audience: Audience, send: Send) -> Send:
        """Keep what the framework sends: the list is the same for everybody in the audience."""
        opening, status = wire.opening(request), 0

        async def watched(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            content = message.get("body", b"")
            if status == 200 and content.startswith(opening) and not message.get("more_body", False):
                self._lists[audience] = content[len(opening) :]
                if len(self._lists) > KEPT:
                    self._lists.popitem(last=False)
            await send(message)

        return watched


def _caller(scope: Scope, path: str) -> Principal | None:
    if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != path:
        return None
    token = getattr(scope.get("user"), "access_token", None)
    return token.principal if isinstance(token, PrincipalToken) else None


def _plain_headers(scope: Scope) -> Mapping[str, str] | None:
    """The headers of a client that takes JSON and does nothing unusual; None for any other."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    taken = [kind.partition(";")[0].strip() for kind in headers.get("accept", "").split(",")]
    plain = len(headers) == len(scope["headers"]) and _JSON in taken
    if not plain or headers.get("content-type") != _JSON or any(name.startswith("mcp-param-") for name in headers):
        return None
    return headers


def _runs_alone(tool: OperationTool, surface: Surface, principal: Principal) -> bool:
    """Whether nobody has to be asked or refused before it runs."""
    if refused(tool, surface) is not None or not principal.may(tool.operation.scope):
        return False
    return not is_needed(tool.operation, principal)


def _is_watched(tool: OperationTool, request: wire.Request) -> bool:
    return "progressToken" in request.meta and takes_long(tool.operation)


async def _send(request: wire.Request, content: bytes, send: Send) -> None:
    length, kind = (b"content-length", b"%d" % len(content)), (b"content-type", _JSON.encode())
    headers = [length, kind] if request.modern else [kind, length]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})
