"""The web role: prepare the installation, then serve REST, pages and MCP on one port."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec

import uvicorn
from starlette.applications import Starlette

from speko_core.bootstrap import FirstStart, prepare
from speko_core.deps import Deps, build_deps
from speko_core.preflight import check_database_url
from speko_core.settings import Role, Settings
from speko_gateway.app import create_app
from speko_gateway.streams.conversations import Conversations

# The package's extra `mcp` is optional. Importing it takes long, so it happens while other roles load too.
HAS_MCP = find_spec("fastmcp") is not None
if HAS_MCP:
    from speko_mcp.server import build_mcp_app

MAX_FRAME_BYTES = 1_048_576
KEEP_ALIVE_S = 75
BACKLOG = 2048
# The start of the other roles comes first; nobody makes a call this soon.
LOAD_AFTER_S = 3.0
# Python's 700 is reached several times within one call; what a call makes is freed without the collector.
COLLECT_AFTER_ALLOCATIONS = 20_000

OnPrepared = Callable[[Settings, FirstStart | None], None]


class Server(uvicorn.Server):
    """Uvicorn that ends in order: a signal starts the drain, and is not raised again after it."""

    def __init__(self, config: uvicorn.Config, conversations: Conversations) -> None:
        super().__init__(config)
        self._conversations = conversations

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let those who are in a conversation hear why it ends, then close what is open."""
        await self._conversations.drain()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle SIGTERM and SIGINT on the loop while serving; a second one closes what is still open."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


async def run_web(settings: Settings, *, check_ports: Iterable[Role], on_prepared: OnPrepared) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight within the drain time.

    Raises:
        ConfigurationError: it cannot work as configured.
    """
    check_database_url(settings)
    deps = build_deps(settings)
    try:
        on_prepared(settings, await prepare(deps, check_ports))
        loading = asyncio.create_task(_load_providers(deps))
        try:
            app = application(deps)
            await Server(server_config(app, settings), app.state.conversations).serve()
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
    finally:
        await deps.aclose()


async def _load_providers(deps: Deps) -> None:
    """Load the providers' libraries once the start is over, so that the first call need not wait for them."""
    await asyncio.sleep(LOAD_AFTER_S)
    await asyncio.to_thread(deps.providers.load)
    _spare_the_collector()


def _spare_the_collector() -> None:
    """Leave what has been loaded out of every collection: it stays, and looking through it would stall calls."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_ALLOCATIONS)


def application(deps: Deps) -> Starlette:
    """The application, with the MCP server where its packages are installed."""
    if not HAS_MCP:
        return create_app(deps)
    mcp = build_mcp_app(deps)
    return create_app(deps, mcp_app=mcp.app, mcp_lifespan=mcp.lifespan)


def server_config(app: Starlette, settings: Settings) -> uvicorn.Config:
    """How uvicorn runs: our own access log, LF-only streams, bounded frames, a bounded drain."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, int(settings.drain_timeout_s)),
    )
