"""AGT-9: in a running call another agent goes on, with its own prompt, tools, model settings and voice."""

import pytest

from speko_core.types import JsonObject
from tests.worker.caller import calling
from tests.worker.conftest import until
from tests.worker.fake_gateway import FakeGateway

pytestmark = pytest.mark.usefixtures("worker")

BILLING: JsonObject = {
    "agentId": "agt_2",
    "agentName": "Billing",
    "intent": {"language": "en"},
    "systemPrompt": "You settle bills.",
    "voice": "deep",
    "temperature": 0.1,
}
HANDOVER: JsonObject = {"type": "transfer_to_agent", "agentId": "agt_2", "agentName": "Billing", "note": "Go on."}


def answering(gateway: FakeGateway, action: JsonObject) -> None:
    """The receptionist hands over after a sentence; whoever comes then just speaks."""

    def answer(messages: list[JsonObject]) -> str:
        new = messages[0]["content"] != "You answer the phone of a shop."
        gateway.script.actions = [] if new else [action]
        return "Your money comes back." if new else "One moment please."

    gateway.script.answer = answer


async def test_the_next_agent_speaks_with_its_own_voice_once_the_one_before_has_finished(gateway: FakeGateway) -> None:
    """AGT-9: each turn says who spoke, and the gateway is told whose tools to offer."""
    answering(gateway, HANDOVER)
    session = gateway.create(voice="bright", linked={"agt_2": BILLING})
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        await caller.type("I was charged twice")
        await until(lambda: len(caller.of("turn")) >= 3)
        await caller.type("thank you")
        await until(lambda: len(caller.of("turn")) >= 5)
    told = [(turn["text"], turn.get("agentId")) for turn in caller.of("turn")]
    assert told[1:3] == [("One moment please.", "agt_1"), ("Your money comes back.", "agt_2")]
    assert told[4] == ("Your money comes back.", "agt_2")
    assert [call["voice"] for call in gateway.calls_to("tts")] == ["bright", "deep", "deep"]
    first, taken, later = gateway.calls_to("llm")
    assert "agentId" not in first
    assert (taken["agentId"], taken["handovers"], taken["temperature"]) == ("agt_2", 1, 0.1)
    assert (later["agentId"], later["handovers"]) == ("agt_2", 0)
    messages = taken["messages"]
    assert isinstance(messages, list)
    assert messages[0] == {"role": "system", "content": "You settle bills."}
    assert {"role": "user", "content": "I was charged twice"} in messages
    assert messages[-1] == {"role": "system", "content": "Go on."}


async def test_the_next_agent_sees_only_what_the_handover_lets_it(gateway: FakeGateway) -> None:
    """AGT-9: `contextMessages` cuts the conversation where the next agent begins."""
    answering(gateway, {**HANDOVER, "contextMessages": 1})
    opening = {"firstMessage": "Welcome.", "firstMessageMode": "say"}
    session = gateway.create(linked={"agt_2": BILLING}, **opening)
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: len(caller.of("turn")) >= 1)
        await caller.type("I was charged twice")
        await until(lambda: len(caller.of("turn")) >= 4)
    messages = gateway.calls_to("llm")[1]["messages"]
    assert isinstance(messages, list)
    seen = [str(message["content"]).strip() for message in messages]
    assert seen == ["You settle bills.", "I was charged twice", "One moment please.", "Go on."]
