"""What a caller's client changes of its own call, and tells the agent on the side."""

import pytest

from tests.worker.caller import calling
from tests.worker.conftest import until
from tests.worker.fake_gateway import FakeGateway

pytestmark = pytest.mark.usefixtures("worker")
OVERRIDES = {
    "agent": {"prompt": "You are a pirate.", "language": "de-DE"},
    "tts": {"voiceId": "long-john", "speed": 1.5},
}


async def test_overrides_reach_every_leg_of_the_next_turn(gateway: FakeGateway) -> None:
    """SES-3"""
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        await caller.send({"type": "overrides", "overrides": OVERRIDES})
        await caller.type("Hello")
        await until(lambda: len(caller.of("turn")) == 2)
    [asked], [said] = gateway.calls_to("llm"), gateway.calls_to("tts")
    assert asked["messages"][0] == {"role": "system", "content": "You are a pirate."}
    assert (asked["intent"]["language"], said["intent"]["language"]) == ("de-DE", "de-DE")
    assert (said["voice"], said["speed"]) == ("long-john", 1.5)


async def test_a_contextual_update_is_known_to_the_next_answer_and_is_no_turn(gateway: FakeGateway) -> None:
    """SES-3"""
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        await caller.send({"type": "contextual_update", "text": "the checkout page is open"})
        await caller.type("Hello")
        await until(lambda: len(caller.of("turn")) == 2)
    [asked] = gateway.calls_to("llm")
    assert [message["role"] for message in asked["messages"]] == ["system", "user", "user"]
    assert "the checkout page is open" in asked["messages"][1]["content"]
    assert caller.said[0] == ("user", "Hello")


async def test_overrides_of_the_wrong_shape_are_refused(gateway: FakeGateway) -> None:
    """SES-3"""
    session = gateway.create()
    wrong = ({"agent": {"language": "German"}}, {"tts": {"speed": 9}}, {"agent": {"prompt": " "}})
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        for overrides in wrong:
            await caller.send({"type": "overrides", "overrides": overrides})
        await until(lambda: len(caller.of("error")) == len(wrong))
    assert {error["code"] for error in caller.of("error")} == {"INVALID_FRAME"}


async def test_a_plan_can_refuse_overrides(gateway: FakeGateway) -> None:
    """SES-12"""
    session = gateway.create(clientOverrides=False)
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        await caller.send({"type": "overrides", "overrides": OVERRIDES})
        await caller.type("Hello")
        await until(lambda: len(caller.of("turn")) == 2)
    assert "pirate" not in str(gateway.calls_to("llm"))
