"""Files behind signed URLs: the URL is the only credential, and each works once."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from speko_core.adapters.blob_urls import PATH, USED_URLS, GatewayUrls, Grant
from speko_core.deps import Deps
from speko_core.errors import Conflict, InvalidInput, NotFound
from speko_gateway.auth import deps_of
from speko_gateway.envelope import Json
from speko_gateway.streams.pieces import pieces

# A sender that stalls longer than this between two pieces is gone.
STALL_S = 60.0


def routes() -> list[BaseRoute]:
    """PUT and GET of one file."""
    path = f"{PATH}/{{token}}"
    return [Route(path, upload, methods=["PUT"]), _get_only(Route(path, download, methods=["GET"]))]


def _get_only(route: Route) -> Route:
    # A HEAD must not use up a URL that works once.
    route.methods = {"GET"}
    return route


async def upload(request: Request) -> Response:
    """Store the body, when it has exactly the announced size."""
    deps = deps_of(request)
    grant = _grant(deps, request)
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) != grant.size_bytes:
        raise _wrong_size(grant)
    await _use_up(deps, grant)
    try:
        await deps.blobs.put(grant.key, _exactly(request, grant), limit_bytes=grant.size_bytes + 1)
    except BaseException:
        # An upload that broke off may be tried again with the same URL.
        await deps.blobs.delete(_mark(grant))
        raise
    return Json({"sizeBytes": grant.size_bytes})


async def download(request: Request) -> Response:
    """Send the file, as a download: it is never shown as a page of ours."""
    deps = deps_of(request)
    grant = _grant(deps, request)
    size = await deps.blobs.size(grant.key)
    if size is None:
        raise NotFound("not found")
    await _use_up(deps, grant)
    headers = {"Content-Length": str(size), "Content-Disposition": "attachment", "Cache-Control": "no-store"}
    headers |= {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return StreamingResponse(deps.blobs.get(grant.key), media_type=grant.content_type, headers=headers)


def _grant(deps: Deps, request: Request) -> Grant:
    urls = GatewayUrls(deps.settings.base_url, deps.secrets, deps.clock)
    return urls.read(request.path_params["token"], request.method)


async def _use_up(deps: Deps, grant: Grant) -> None:
    if not await deps.blobs.claim(_mark(grant)):
        raise Conflict("This URL was used already.", "URL_USED", hint="Ask for a new one.")


def _mark(grant: Grant) -> str:
    return f"{USED_URLS}/{grant.nonce}"


async def _exactly(request: Request, grant: Grant) -> AsyncIterator[bytes]:
    received = 0
    async for piece in pieces(request, STALL_S):
        received += len(piece)
        if received > grant.size_bytes:
            break
        yield piece
    if received != grant.size_bytes:
        raise _wrong_size(grant)


def _wrong_size(grant: Grant) -> InvalidInput:
    return InvalidInput(f"The body must have exactly the {grant.size_bytes} bytes that were announced.")
