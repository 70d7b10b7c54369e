"""A gateway of scripts, a real worker beside it, and a caller."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from speko_core.settings import Settings
from speko_worker.main import run_worker
from tests.ports import own_port
from tests.worker.fake_gateway import WORKER_TOKEN, FakeGateway, serve


async def until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Poll until true.

    Raises:
        TimeoutError: it never was.
    """
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the condition is any state
            await asyncio.sleep(0.01)


@pytest.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    async with serve(FakeGateway()) as running:
        yield running


@pytest.fixture
def unused_tcp_port() -> int:
    """This process's own: the plugin's may be taken by another between the choice and the start."""
    return own_port()


@pytest.fixture
def settings(gateway: FakeGateway, tmp_path: Path, unused_tcp_port: int) -> Settings:
    return Settings(
        gateway_url=gateway.url,
        worker_port=unused_tcp_port,
        data_dir=tmp_path,
        worker_token=SecretStr(WORKER_TOKEN),
        drain_timeout_s=5.0,
        _env_file=None,
    )


StopWorker = Callable[[], Awaitable[None]]


@pytest.fixture
async def worker(gateway: FakeGateway, settings: Settings) -> AsyncIterator[StopWorker]:
    """A worker registered at the gateway; the value stops it as SIGTERM does."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(settings, stop=stop))

    async def _stop() -> None:
        stop.set()
        await task

    try:
        await until(lambda: bool(gateway.workers) or task.done())
        yield _stop
    finally:
        await _stop()
