"""Entry of the worker role: one process, one port, until SIGTERM or SIGINT."""

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import uvicorn
from livekit import local_inference

from speko_core.errors import ConfigurationError
from speko_core.settings import Settings
from speko_worker.call import CallOptions
from speko_worker.http import gateway_client
from speko_worker.logs import keep_content_out_of_logs
from speko_worker.rooms.agents import RoomsOptions
from speko_worker.server import build_app
from speko_worker.worker import Worker, WorkerOptions

logger = logging.getLogger("speko.worker")

_WILDCARDS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handling: we drain the calls before it closes their sockets."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run_worker(settings: Settings, *, token: str | None = None, stop: asyncio.Event | None = None) -> None:
    """Serve callers until a signal (or `stop`), then drain.

    `token` is the worker credential, `settings.worker_token` when not given.

    Raises:
        ConfigurationError: no credential, or the port is taken.
    """
    credential = token or (settings.worker_token.get_secret_value() if settings.worker_token else "")
    if not credential:
        raise ConfigurationError("The worker needs SPEKO_WORKER_TOKEN, or the master key that it is derived from.")
    stopping = stop or asyncio.Event()
    listener = _listen(settings.host, settings.health_port("worker"))
    keep_content_out_of_logs()
    # Only the VAD: the end-of-turn model beside it costs 250 MB and no plan uses it.
    await asyncio.to_thread(local_inference.init_vad)
    async with gateway_client() as http:
        worker = Worker(_options(settings, credential, listener), http)
        await _serve(worker, listener, stopping)


async def _serve(worker: Worker, listener: socket.socket, stopping: asyncio.Event) -> None:
    config = uvicorn.Config(
        build_app(worker),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=1_048_576,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config)
    background = [
        asyncio.create_task(worker.keep_registered(), name="speko.worker.register"),
        asyncio.create_task(worker.keep_recovering(), name="speko.worker.recover"),
    ]
    if worker.rooms is not None:
        background.append(asyncio.create_task(worker.rooms.run(), name="speko.worker.rooms"))
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="speko.worker.serve")
    waiting = asyncio.create_task(stopping.wait(), name="speko.worker.stop")
    try:
        with _signals_set(stopping):
            await asyncio.wait({serving, waiting, *background}, return_when=asyncio.FIRST_COMPLETED)
            await worker.drain()
    finally:
        server.should_exit = True
        await serving
        for task in (*background, waiting):
            task.cancel()
        failures = await asyncio.gather(*background, waiting, return_exceptions=True)
    for failure in failures:
        if isinstance(failure, Exception):
            raise failure


def _options(settings: Settings, token: str, listener: socket.socket) -> WorkerOptions:
    call = CallOptions(
        gateway_url=settings.internal_url,
        token=token,
        journal_folder=settings.data_dir / "worker-journal",
        recordings_folder=settings.data_dir / "worker-recordings",
        drain_timeout_s=settings.drain_timeout_s,
        otlp_endpoint=settings.otlp_endpoint,
        otlp_headers=settings.otlp_header_pairs,
    )
    return WorkerOptions(
        call,
        address=advertised_address(settings.host, listener.getsockname()[1], settings.internal_url),
        capacity=settings.worker_calls,
        rooms=RoomsOptions.of(settings),
    )


def _listen(host: str, port: int) -> socket.socket:
    # asyncio sends small frames at once (TCP_NODELAY) only where the protocol is named; else one waits for the next.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"The worker cannot listen on {host}:{port} ({error.strerror}); "
            "stop the program that uses the port or set SPEKO_WORKER_PORT."
        ) from error
    listener.setblocking(False)
    return listener


def advertised_address(host: str, port: int, gateway_url: str) -> str:
    """Where the gateway reaches this worker; a wildcard host becomes the interface that faces the gateway."""
    if host in _WILDCARDS:
        host = _facing(gateway_url)
    return f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"


def _facing(gateway_url: str) -> str:
    parts = urlsplit(gateway_url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket sends nothing; it only picks the route.
            probe.connect((parts.hostname or "127.0.0.1", parts.port or 80))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


@contextlib.contextmanager
def _signals_set(stopping: asyncio.Event) -> Iterator[None]:
    """SIGTERM and SIGINT ask for a drain, where this is the main thread."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
