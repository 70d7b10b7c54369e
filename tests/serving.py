"""An HTTP server in the test's own loop that starts and stops at once.

uvicorn looks every tenth of a second whether it shall stop, and rests as long before it does. A suite that starts a
thousand servers cannot wait for that, so the steps of `uvicorn.Server` are called one by one.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

STOP_S = 10.0


def listening(port: int = 0) -> socket.socket:
    """A listener on a free port unless one is given.

    With the protocol named: asyncio sends small pieces at once only on sockets that say they are TCP.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


@asynccontextmanager
async def served(config: uvicorn.Config, listener: socket.socket | None = None) -> AsyncIterator[str]:
    """Serve while the block runs, on a free port unless a listener is given; yields the URL, without a slash."""
    with listener or listening() as listener:
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        await server.on_tick(0)  # the `date` header
        try:
            yield f"http{'s' if config.is_ssl else ''}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            async with asyncio.timeout(STOP_S):
                await _stop(server)


async def _stop(server: uvicorn.Server) -> None:
    """Take no more connections, let answers end within the grace of the configuration, close what is open."""
    for listening in server.servers:
        listening.close()
    state = server.server_state
    for connection in list(state.connections):
        connection.shutdown()
    if state.tasks:
        _, late = await asyncio.wait(state.tasks, timeout=server.config.timeout_graceful_shutdown)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    for connection in list(state.connections):
        connection.transport.abort()
    while state.connections:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0)
    await server.lifespan.shutdown()
