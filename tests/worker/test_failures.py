"""Providers that fail: the call goes on, or ends in a defined state."""

import pytest

from speko_worker import rules
from tests.worker.caller import Caller, calling
from tests.worker.conftest import until
from tests.worker.fake_gateway import FakeGateway

pytestmark = pytest.mark.usefixtures("worker")
ALWAYS = 1_000


async def _ask(caller: Caller, text: str) -> None:
    errors = len(caller.of("error"))
    turns = len(caller.of("turn"))
    await caller.type(text)
    await until(lambda: len(caller.of("error")) > errors or len(caller.of("turn")) > turns + 1)


async def test_one_failed_call_is_repeated_without_the_caller_noticing(gateway: FakeGateway) -> None:
    """SES-8: a retryable failure before the first byte is tried once more."""
    gateway.script.fail = {"llm": 1, "tts": 1}
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await _ask(caller, "hello")
    assert caller.said == [("user", "hello"), ("agent", "We open at nine in the morning.")]
    assert caller.of("error") == []


async def test_the_call_goes_on_after_an_answer_that_failed(gateway: FakeGateway) -> None:
    """SES-8: the caller is told, and the next question is answered."""
    gateway.script.fail = {"llm": 2}
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await _ask(caller, "hello")
        assert [frame["code"] for frame in caller.of("error")] == ["LLM_FAILED"]
        await _ask(caller, "hello again")
    assert caller.said == [
        ("user", "hello"),
        ("user", "hello again"),
        ("agent", "We open at nine in the morning."),
    ]


@pytest.mark.parametrize(("leg", "code"), [("llm", "LLM_FAILED"), ("tts", "TTS_FAILED")])
async def test_a_dead_provider_ends_the_call_as_failed(gateway: FakeGateway, leg: str, code: str) -> None:
    """SES-8: after three failures in a row the call ends, with the reason on record."""
    gateway.script.fail = {leg: ALWAYS}
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        for text in ("one", "two", "three"):
            await _ask(caller, text)
        await until(lambda: caller.close_code is not None)
    assert caller.of("end") == [{"type": "end", "reason": "error"}]
    assert caller.close_code == 1011
    await until(lambda: session.finished is not None)
    assert session.finished is not None
    assert (session.finished["status"], session.finished["reason"]) == ("failed", "error")
    assert session.finished["error"] == code
    assert [text for source, text in session.texts if source == "user"] == ["one", "two", "three"]


async def test_recognition_recovers_after_failures(gateway: FakeGateway) -> None:
    """SES-8: a failed recognition is announced; the next utterance is understood."""
    gateway.script.fail = {"stt": 1}
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        caller.say("hello there")
        await until(lambda: bool(caller.of("error")))
        assert [frame["code"] for frame in caller.of("error")] == ["STT_FAILED"]
        caller.say("what time do you open")
        await until(lambda: any(turn["source"] == "agent" for turn in caller.of("turn")))
    assert ("agent", "We open at nine in the morning.") in caller.said


async def test_frames_that_are_not_understood_are_refused_and_the_call_goes_on(gateway: FakeGateway) -> None:
    """SES-8: unknown types are ignored, malformed frames are named."""
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        await caller.socket.send('{"type": "from_the_future"}')
        await caller.socket.send("not json")
        await caller.type("")
        await caller.socket.send(bytes(200_000))
        await until(lambda: len(caller.of("error")) == 3)
        await _ask(caller, "hello")
    codes = [frame["code"] for frame in caller.of("error")]
    assert codes == ["INVALID_FRAME", "INVALID_FRAME", "FRAME_TOO_LARGE"]
    assert caller.said[-1] == ("agent", "We open at nine in the morning.")


async def test_an_agent_that_falls_silent_in_mid_sentence_is_restarted(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SES-9: the watchdog ends a reply that stopped sounding and has it said again."""
    monkeypatch.setattr(rules, "STALL_S", 0.4)
    gateway.script.stalled_speech = 1
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await caller.type("hello")
        await until(lambda: len(caller.of("turn")) >= 3)
    cut, again = caller.of("turn")[1:3]
    assert (cut["source"], cut["interrupted"]) == ("agent", True)
    assert (again["text"], again["interrupted"]) == ("We open at nine in the morning.", False)
