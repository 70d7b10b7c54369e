"""Recordings on their way from a worker to the store, piece by piece; the worker has no credentials of the store."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.errors import InvalidInput
from speko_core.recordings.receiving import receive
from speko_gateway.auth import deps_of, principal_with
from speko_gateway.envelope import Json
from speko_gateway.streams.pieces import pieces

# A sender that stalls longer than this between two pieces is gone.
STALL_S = 30.0
DURATION = "x-speko-duration-ms"
_MOST_MS = 7 * 86_400_000


def routes() -> list[BaseRoute]:
    """The upload."""
    return [Route("/internal/sessions/{id}/recording", upload, methods=["PUT"])]


async def upload(request: Request) -> Response:
    """Store the body as the session's recording."""
    principal = await principal_with(request, "sessions:worker")
    given = request.headers.get(DURATION, "")
    if not given.isdecimal() or int(given) > _MOST_MS:
        raise InvalidInput(f"{DURATION} must be the length in milliseconds.")
    await receive(deps_of(request), principal, request.path_params["id"], pieces(request, STALL_S), int(given))
    return Json({"ok": True})
