"""The health port of a role without a web server of its own: `/healthz` and `/readyz` (OPS-3)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from speko_core.errors import ConfigurationError
from speko_core.readiness import Readiness

Check = Callable[[], Awaitable[Readiness]]
_STOP_S = 2


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The role owns the signals: it drains first and stops answering last.
        yield


def health_app(check: Check) -> Starlette:
    """`/healthz` says the process lives, `/readyz` whether it can work: 200 or 503."""

    async def healthz(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> JSONResponse:
        readiness = await check()
        return JSONResponse(readiness.as_json(), 200 if readiness.ready else 503)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])


def bind(host: str, port: int) -> socket.socket:
    """Take the port; whoever holds it is the only process of its name on this machine.

    Raises:
        ConfigurationError: it is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small pieces at once (TCP_NODELAY) only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"Port {port} on {host} cannot be used ({error.strerror}).") from None
    return listener


@asynccontextmanager
async def serve_health(listener: socket.socket, check: Check) -> AsyncIterator[None]:
    """Answer on `listener` while the block runs."""
    config = uvicorn.Config(
        health_app(check), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_STOP_S
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
        listener.close()
