"""The worker's small HTTP face: health, readiness, and the media socket that the gateway relays callers to."""

import hmac

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from speko_worker.worker import Worker

_REFUSED = 4401


def build_app(worker: Worker) -> Starlette:
    """Routes over one worker."""

    async def _healthz(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "role": "worker"})

    async def _readyz(_request: Request) -> JSONResponse:
        ready = worker.is_ready
        body = {
            "status": "ready" if ready else "not_ready",
            "role": "worker",
            "active": worker.active,
            "capacity": worker.options.capacity,
        }
        return JSONResponse(body, status_code=200 if ready else 503)

    async def _media(socket: WebSocket) -> None:
        if not _is_authorized(socket, worker.options.call.token):
            await socket.close(_REFUSED)
            return
        await worker.serve_caller(socket, socket.path_params["session_id"])

    return Starlette(
        routes=[
            Route("/healthz", _healthz),
            Route("/readyz", _readyz),
            WebSocketRoute("/media/{session_id}", _media),
        ]
    )


def _is_authorized(socket: WebSocket, token: str) -> bool:
    scheme, _, given = socket.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode())
