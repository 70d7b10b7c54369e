"""Turns reach the gateway in order, all of them, once each, whatever is away or dies (SES-5)."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from speko_core.settings import Settings
from speko_core.types import JsonObject
from speko_worker import reporting
from speko_worker.gateway import SessionApi
from speko_worker.journal import LOST, End, Journal, leftovers
from speko_worker.main import run_worker
from speko_worker.recording.call import remove_leftovers
from speko_worker.reporting import TurnReporter
from tests.worker.caller import calling
from tests.worker.conftest import until
from tests.worker.fake_gateway import WORKER_TOKEN, FakeGateway, serve

START_WORKER = (
    "import asyncio; from speko_core.settings import load_settings; from speko_worker.main import run_worker; "
    "asyncio.run(run_worker(load_settings()))"
)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def nobody(_session_id: str) -> bool:
    """No session is active."""
    return False


def _turn(index: int) -> JsonObject:
    return {"index": index, "source": "user", "text": f"turn {index}"}


def _reporter(http: httpx.AsyncClient, url: str, folder: Path) -> TurnReporter:
    api = SessionApi(http, url, "s1", "st_s1", "wrk_1")
    return TurnReporter(api, Journal(folder, "s1", "st_s1"))


async def test_turns_close_together_travel_in_one_request(
    gateway: FakeGateway, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """SES-5: batches of about 200 ms."""
    session = gateway.create()
    reporter = _reporter(http, gateway.url, tmp_path)
    for index in range(5):
        reporter.add(_turn(index))
    assert await reporter.flush(5)
    await reporter.aclose(keep_journal=False)
    assert session.posts == [[0, 1, 2, 3, 4]]


async def test_turns_wait_in_order_for_a_gateway_that_is_not_there(
    unused_tcp_port: int, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """SES-5: nothing listens at first; afterwards every turn is there, oldest first."""
    reporter = _reporter(http, f"http://127.0.0.1:{unused_tcp_port}", tmp_path)
    reporter.add(_turn(0))
    assert not await reporter.flush(0.3)
    reporter.add(_turn(1))
    gateway = FakeGateway()
    session = gateway.create()
    async with serve(gateway, unused_tcp_port):
        assert await reporter.flush(8)
        await reporter.aclose(keep_journal=False)
    assert [index for post in session.posts for index in post] == [0, 1]


async def test_a_lost_reply_repeats_the_same_turns_and_doubles_none(
    gateway: FakeGateway, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """SES-5: at least once on the wire, once in the record."""
    session = gateway.create()
    gateway.lost_replies = 1
    reporter = _reporter(http, gateway.url, tmp_path)
    reporter.add(_turn(0))
    assert await reporter.flush(5)
    await reporter.aclose(keep_journal=False)
    assert session.posts == [[0], [0]]
    assert session.texts == [("user", "turn 0")]


async def test_a_full_buffer_spills_to_disk_and_says_so(
    unused_tcp_port: int, http: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SES-5: memory is bounded; what does not fit stays in the journal."""
    monkeypatch.setattr(reporting, "MAX_BUFFERED", 2)
    reporter = _reporter(http, f"http://127.0.0.1:{unused_tcp_port}", tmp_path)
    for index in range(3):
        reporter.add(_turn(index))
    assert not reporter.is_complete
    await reporter.aclose(keep_journal=True)
    (leftover,) = leftovers(tmp_path, nobody)
    assert [turn["index"] for turn in leftover.turns] == [0, 1, 2]
    assert leftover.path.stat().st_mode & 0o077 == 0


@pytest.mark.virtual_time
async def test_half_a_minute_without_a_gateway_loses_no_turn_and_no_order(tmp_path: Path) -> None:
    """SES-5: the same turns are sent again until they are taken, oldest first, in few requests."""
    loop, taken, refused = asyncio.get_running_loop(), list[list[int]](), 0
    back_at = loop.time() + 30

    def _answer(request: httpx.Request) -> httpx.Response:
        nonlocal refused
        if loop.time() < back_at:
            refused += 1
            raise httpx.ConnectError("away") if refused % 2 else httpx.ReadTimeout("away")
        taken.append([turn["index"] for turn in json.loads(request.content)["turns"]])
        return httpx.Response(202)

    async with httpx.AsyncClient(transport=httpx.MockTransport(_answer)) as client:
        reporter = _reporter(client, "http://gateway", tmp_path)
        for index in range(10):
            reporter.add(_turn(index))
            await asyncio.sleep(3)
        assert await reporter.flush(60)
        await reporter.aclose(keep_journal=False)
    assert sorted({index for batch in taken for index in batch}) == list(range(10))
    assert taken[0][0] == 0
    assert [index for batch in taken for index in batch] == list(range(10))
    assert 5 < refused < 30
    assert leftovers(tmp_path, nobody) == []


def test_a_call_that_could_not_be_reported_keeps_how_it_ended(tmp_path: Path) -> None:
    """SES-5: a gateway that is away for longer hears the true end from whoever reports the call later."""
    journal = Journal(tmp_path, "s1", "st_s1")
    journal.append(_turn(0))
    assert leftovers(tmp_path, nobody)[0].end == LOST
    journal.ended(End("ended", "user"))
    journal.close()
    (leftover,) = leftovers(tmp_path, nobody)
    assert (leftover.turns, leftover.end) == ([_turn(0)], End("ended", "user"))


def test_a_call_that_begins_while_leftovers_are_looked_for_is_none_of_them(tmp_path: Path) -> None:
    """SES-5: whether it is active is asked after its files were seen, and not before."""
    Journal(tmp_path, "s1", "st_s1").close()
    recording = tmp_path / f"s1.{os.getpid()}.ogg"
    recording.touch()
    asked: list[str] = []

    def _has_begun(session_id: str) -> bool:
        asked.append(session_id)
        return True

    assert leftovers(tmp_path, _has_begun) == []
    remove_leftovers(tmp_path, _has_begun)
    assert asked == ["s1", "s1"]
    assert recording.exists()


async def test_a_torn_last_line_costs_only_itself(tmp_path: Path) -> None:
    """SES-5: a process killed in the middle of a write leaves the turns before it readable."""
    journal = Journal(tmp_path, "s1", "st_s1")
    journal.append(_turn(0))
    journal.close()
    with (tmp_path / "s1.jsonl").open("a") as file:
        file.write('{"index": 1, "te')
    (leftover,) = leftovers(tmp_path, nobody)
    assert leftover.turns == [_turn(0)]
    assert leftovers(tmp_path, {"s1"}.__contains__) == []


@pytest.mark.usefixtures("worker")
async def test_a_gateway_that_is_away_for_a_while_gets_every_turn_once(gateway: FakeGateway) -> None:
    """SES-5: the conversation goes on meanwhile."""
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        gateway.away = True
        for count, text in ((2, "one"), (4, "two")):
            await caller.type(text)
            await until(lambda count=count: len(caller.of("turn")) == count)  # type: ignore[misc]  # bound now
        assert session.turns == {}
        await caller.hang_up()
        await until(lambda: caller.close_code is not None)
        gateway.away = False
    await until(lambda: session.finished is not None)
    assert session.texts == caller.said
    assert len(session.turns) == 4
    assert len([index for post in session.posts for index in post]) == 4


@pytest.mark.timeout(120)
async def test_a_killed_worker_loses_no_turn(gateway: FakeGateway, settings: Settings) -> None:
    """SES-5: kill -9 while the gateway is away; the next worker on this machine reports what the first one heard."""
    session = gateway.create(firstMessage="Good morning.", firstMessageMode="say")
    first = await _spawn(settings)
    try:
        await until(lambda: bool(gateway.workers), 60)
        async with calling(gateway.media_url(session)) as caller:
            await until(lambda: bool(caller.of("ready")))
            gateway.away = True
            await until(lambda: bool(caller.of("turn")))
            first.send_signal(signal.SIGKILL)
            await first.wait()
    finally:
        if first.returncode is None:
            first.kill()
    assert session.turns == {}
    gateway.away = False
    stop = asyncio.Event()
    second = asyncio.create_task(run_worker(settings, stop=stop))
    try:
        await until(lambda: session.finished is not None)
    finally:
        stop.set()
        await second
    assert session.texts == [("agent", "Good morning.")]
    assert session.finished is not None
    assert (session.finished["status"], session.finished["error"]) == ("failed", "WORKER_LOST")


async def _spawn(settings: Settings) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "SPEKO_GATEWAY_URL": settings.gateway_url,
        "SPEKO_WORKER_PORT": str(settings.worker_port),
        "SPEKO_DATA_DIR": str(settings.data_dir),
        "SPEKO_WORKER_TOKEN": WORKER_TOKEN,
    }
    return await asyncio.create_subprocess_exec(sys.executable, "-c", START_WORKER, env=environment)
