"""Every way a call can end, and what is known about it afterwards."""

import asyncio

import pytest

from tests.worker.caller import calling
from tests.worker.conftest import StopWorker, until
from tests.worker.fake_gateway import FakeGateway, FakeSession


async def _finished(session: FakeSession) -> tuple[object, object]:
    await until(lambda: session.finished is not None)
    assert session.finished is not None
    return session.finished["status"], session.finished["reason"]


@pytest.mark.usefixtures("worker")
async def test_the_caller_hangs_up(gateway: FakeGateway) -> None:
    """SES-8: an `end` frame is answered by `end`, a normal close and a finished session."""
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        await caller.hang_up()
        await until(lambda: caller.close_code is not None)
    assert caller.of("end") == [{"type": "end", "reason": "user"}]
    assert caller.close_code == 1000
    assert await _finished(session) == ("ended", "user")


@pytest.mark.usefixtures("worker")
async def test_a_dropped_connection_ends_the_session_with_everything_said(gateway: FakeGateway) -> None:
    """SES-5: the words of a caller who vanishes in mid-sentence are kept, the agent's cut reply too."""
    session = gateway.create(firstMessage="We are open from nine to five. " * 6, firstMessageMode="say")
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: len(caller.audio) > 40)
        caller.socket.transport.abort()
    assert await _finished(session) == ("ended", "user")
    assert [source for source, _ in session.texts] == ["agent"]
    assert session.turns[0]["interrupted"] is True


@pytest.mark.usefixtures("worker")
async def test_words_spoken_just_before_hanging_up_are_kept(gateway: FakeGateway) -> None:
    """SES-5: the closing waits for the transcript of the last utterance."""
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        caller.say("what time do you open")
        await asyncio.sleep(1.3)  # in the middle of the sentence
        await caller.hang_up()
        await until(lambda: caller.close_code is not None)
    assert await _finished(session) == ("ended", "user")
    assert session.texts == [("user", "what time do you open")]


@pytest.mark.usefixtures("worker")
async def test_the_time_limit_ends_the_call(gateway: FakeGateway) -> None:
    """SES-1: the plan's duration is a hard limit."""
    session = gateway.create(maxDurationS=1)
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: caller.close_code is not None)
    assert caller.of("end") == [{"type": "end", "reason": "timeout"}]
    assert caller.close_code == 4408
    assert await _finished(session) == ("ended", "timeout")


@pytest.mark.usefixtures("worker")
async def test_the_gateway_can_ask_for_the_end(gateway: FakeGateway) -> None:
    """SES-2: a session that is `ending` is ended by its worker."""
    gateway.status_at_claim = "ending"
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: caller.close_code is not None)
    assert caller.of("end") == [{"type": "end", "reason": "agent"}]
    assert await _finished(session) == ("ended", "agent")


async def test_a_drain_ends_calls_reports_them_and_takes_no_more(gateway: FakeGateway, worker: StopWorker) -> None:
    """OPS-3: on SIGTERM nothing is lost and the process ends by itself."""
    session = gateway.create(firstMessage="Good morning.", firstMessageMode="say")
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("turn")))
        await worker()
        await until(lambda: caller.close_code is not None)
    assert caller.of("end") == [{"type": "end", "reason": "drain"}]
    assert caller.close_code == 1001
    assert await _finished(session) == ("ended", "drain")
    assert session.texts == [("agent", "Good morning.")]


@pytest.mark.usefixtures("worker")
async def test_a_tool_that_ends_the_call_lets_the_agent_say_goodbye(gateway: FakeGateway) -> None:
    """AGT-5: `end_call` hangs up after the agent's last sentence."""
    gateway.script.actions = [{"type": "end_call", "reason": "done"}]
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        await caller.type("that is all, goodbye")
        await until(lambda: caller.close_code is not None)
    assert caller.of("end") == [{"type": "end", "reason": "agent"}]
    assert await _finished(session) == ("ended", "agent")
    assert [source for source, _ in session.texts] == ["user", "agent"]
