"""The worker's own door: who may come in, and what it says about itself."""

import asyncio
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from speko_core.errors import ConfigurationError
from speko_core.settings import Settings
from speko_worker import worker as worker_module
from speko_worker.main import advertised_address, run_worker
from tests.worker.conftest import StopWorker, until
from tests.worker.fake_gateway import WORKER_TOKEN, FakeGateway


async def _close_code(gateway: FakeGateway, session_id: str) -> int | None:
    """What the worker answers a caller that it does not take."""
    headers = {"Authorization": f"Bearer {WORKER_TOKEN}"}
    async with connect(f"{gateway.worker_address()}/media/{session_id}", additional_headers=headers) as socket:
        await socket.wait_closed()
        return socket.close_code


async def test_a_registered_worker_is_ready_and_says_how_full_it_is(gateway: FakeGateway, worker: StopWorker) -> None:
    """OPS-3: health, readiness and the registration agree."""
    registered = next(iter(gateway.workers.values()))
    base = gateway.worker_address().replace("ws", "http")
    async with httpx.AsyncClient(base_url=base) as http:
        assert (await http.get("/healthz")).json() == {"status": "ok", "role": "worker"}
        response = await http.get("/readyz")
        assert (response.status_code, response.json()["status"]) == (200, "ready")
    assert registered["capacity"] == worker_module.DEFAULT_CAPACITY
    assert registered["active"] == 0
    assert registered["ready"] is True


async def test_a_worker_the_gateway_does_not_know_is_not_ready(settings: Settings, gateway: FakeGateway) -> None:
    """OPS-3: without a registration nobody can reach it."""
    gateway.away = True
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(settings, stop=stop))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.worker_port}") as http:
            assert (await http.get("/healthz")).status_code == 200
            assert (await http.get("/readyz")).status_code == 503
            gateway.away = False
            await until(lambda: bool(gateway.workers))
            assert (await http.get("/readyz")).status_code == 200
    finally:
        stop.set()
        await task


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wk_other"}, {"Authorization": WORKER_TOKEN}])
async def test_only_the_gateway_may_bring_callers(gateway: FakeGateway, headers: dict[str, str]) -> None:
    """SES-12: the media socket refuses everybody without the worker credential, before accepting."""
    session = gateway.create()
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"{gateway.worker_address()}/media/s1", additional_headers=headers):
            pass
    assert refused.value.response.status_code == 403
    assert session.claimed_by is None


@pytest.mark.usefixtures("worker")
async def test_a_session_that_does_not_exist_or_was_taken_is_refused(gateway: FakeGateway) -> None:
    """SES-12: a plan is claimed once."""
    gateway.create().claimed_by = "wrk_other"
    assert await _close_code(gateway, "nobody") == 4404
    assert await _close_code(gateway, "s1") == 4409


@pytest.mark.usefixtures("worker")
async def test_a_full_worker_refuses_the_next_caller(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch, worker: StopWorker
) -> None:
    """OPS-3: capacity is a hard limit, and the session stays free for another worker."""
    sessions = [gateway.create(f"s{index}") for index in range(worker_module.DEFAULT_CAPACITY + 1)]
    headers = {"Authorization": f"Bearer {WORKER_TOKEN}"}
    lines = [
        await connect(f"{gateway.worker_address()}/media/s{index}", additional_headers=headers)
        for index in range(worker_module.DEFAULT_CAPACITY)
    ]
    await until(lambda: all(session.claimed_by for session in sessions[:-1]))
    assert await _close_code(gateway, sessions[-1].plan.session_id) == 1011
    assert sessions[-1].claimed_by is None
    await asyncio.gather(*(line.close() for line in lines))


async def test_an_occupied_port_is_one_clear_sentence(settings: Settings) -> None:
    """OPS-1: the operator learns which port and which setting."""
    blocker = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", settings.worker_port)
    async with blocker:
        with pytest.raises(ConfigurationError, match=rf"cannot listen on 127\.0\.0\.1:{settings.worker_port}"):
            await run_worker(settings)


async def test_a_worker_without_a_credential_does_not_start(tmp_path: Path) -> None:
    """OPS-1: the sentence names the setting."""
    with pytest.raises(ConfigurationError, match="SPEKO_WORKER_TOKEN"):
        await run_worker(Settings(data_dir=tmp_path, worker_token=SecretStr(""), _env_file=None))


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", "ws://127.0.0.1:8486"), ("::1", "ws://[::1]:8486"), ("0.0.0.0", "ws://127.0.0.1:8486")],
)
def test_the_advertised_address_is_one_the_gateway_can_use(host: str, expected: str) -> None:
    """OPS-1: a wildcard is never advertised."""
    assert advertised_address(host, 8486, "http://127.0.0.1:8484") == expected
