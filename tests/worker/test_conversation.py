"""Turn taking: interruption, first messages, typed turns, idle prompts, several callers at once."""

import asyncio

import pytest

from tests.worker.caller import calling
from tests.worker.conftest import until
from tests.worker.fake_gateway import FakeGateway

pytestmark = pytest.mark.usefixtures("worker")
LONG = "We are open from nine to five on weekdays and from ten to four on Saturdays, and we are closed on Sundays. " * 2


async def test_speaking_over_the_agent_stops_it_and_keeps_only_what_was_said(gateway: FakeGateway) -> None:
    """SES-9: barge-in sends `clear`, silences the agent and marks its turn as interrupted."""
    session = gateway.create(firstMessage=LONG, firstMessageMode="say")
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: len(caller.audio) > 50)
        caller.say("excuse me, what about holidays please")
        await until(lambda: bool(caller.of("clear")))
        await until(lambda: len(caller.of("turn")) >= 3)
    agent, user, answer = caller.of("turn")[:3]
    assert (agent["source"], user["source"], answer["source"]) == ("agent", "user", "agent")
    assert agent["interrupted"] is True
    assert answer["interrupted"] is False
    text = str(agent["text"])
    assert LONG.startswith(text.rstrip("—- "))
    assert len(text) < len(LONG) / 2


async def test_a_short_noise_over_the_agent_does_not_end_its_sentence(gateway: FakeGateway) -> None:
    """SES-9: a pause without words is a false interruption; the agent goes on to its last word."""
    gateway.script.transcripts = [""]
    taking = {"minEndpointingS": 0.2, "interruptionMinS": 0.3, "falseInterruptionTimeoutS": 0.3}
    text = "We are open from nine to five on weekdays, except on the first Monday of the month."
    session = gateway.create(firstMessage=text, firstMessageMode="say", turnTaking=taking)
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: len(caller.audio) > 30)
        caller.say("mm hmm, well")
        await until(lambda: bool(caller.of("turn")))
    assert caller.said == [("agent", text)]
    assert caller.of("turn")[0]["interrupted"] is False
    assert caller.of("clear") == []


async def test_the_first_message_is_spoken_word_for_word(gateway: FakeGateway) -> None:
    """SES-8: `say` needs no language model."""
    session = gateway.create(firstMessage="Good morning.", firstMessageMode="say")
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("turn")))
    assert caller.frames[0]["type"] == "ready"
    assert caller.frames[0] | {"sessionId": "s1"} == {
        "type": "ready",
        "sessionId": "s1",
        "agentName": "Receptionist",
        "inputSampleRate": 16_000,
        "outputSampleRate": 24_000,
        "sandbox": True,
        "background": False,
        "greets": True,
    }
    assert caller.said == [("agent", "Good morning.")]
    assert gateway.calls_to("llm") == []


async def test_the_first_message_can_be_generated(gateway: FakeGateway) -> None:
    """SES-8: `generate` opens the conversation from the agent's own prompt."""
    gateway.script.answer = lambda _messages: "Hello from the shop."
    session = gateway.create(firstMessageMode="generate")
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("turn")))
    assert caller.said == [("agent", "Hello from the shop.")]
    messages = gateway.calls_to("llm")[0]["messages"]
    assert isinstance(messages, list)
    assert messages[0] == {"role": "system", "content": "You answer the phone of a shop."}


async def test_the_agent_waits_when_it_is_told_to(gateway: FakeGateway) -> None:
    """SES-8: `wait` says nothing before the caller does."""
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("state")))
        await caller.type("hello")
        await until(lambda: bool(caller.of("turn")))
    assert caller.said[0] == ("user", "hello")


async def test_a_typed_message_is_answered_aloud(gateway: FakeGateway) -> None:
    """SES-8: a typed turn has no recognition leg; its total runs from the message to the first audio."""
    session = gateway.create()
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        await caller.type("When do you open?")
        await until(lambda: len(caller.of("turn")) == 2)
    assert caller.said == [("user", "When do you open?"), ("agent", "We open at nine in the morning.")]
    assert [echo["text"] for echo in caller.of("user_message_echo")] == ["When do you open?"]
    user, agent = caller.of("turn")
    assert user["legs"] == {}
    latency = agent["latency"]
    assert isinstance(latency, dict)
    assert (latency["vadMs"], latency["sttMs"], latency["eouMs"]) == (None, None, None)
    assert isinstance(latency["totalMs"], int)
    assert 100 <= latency["totalMs"] < 2000
    assert len(caller.audio) > 20


async def test_silence_is_answered_by_the_prompts_in_order_and_then_by_hanging_up(gateway: FakeGateway) -> None:
    """SES-9: idle reprompts."""
    idle = {"afterS": 0.3, "prompts": ["Are you there?", "Goodbye."]}
    session = gateway.create(idle=idle)
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: caller.close_code is not None)
    assert caller.said == [("agent", "Are you there?"), ("agent", "Goodbye.")]
    assert caller.of("end") == [{"type": "end", "reason": "agent"}]
    assert caller.close_code == 1000


async def test_two_callers_are_served_at_once(gateway: FakeGateway) -> None:
    """SES-8: each session has its own turns and its own credential."""
    sessions = [gateway.create(name, firstMessage=f"This is {name}.", firstMessageMode="say") for name in ("a", "b")]

    async def _hear(index: int) -> list[tuple[object, object]]:
        async with calling(gateway.media_url(sessions[index])) as caller:
            await until(lambda: bool(caller.of("turn")))
            return caller.said

    heard = await asyncio.gather(_hear(0), _hear(1))
    assert heard == [[("agent", "This is a.")], [("agent", "This is b.")]]
    calls = {(str(call["_session"]), str(call["_auth"])) for call in gateway.calls_to("tts")}
    assert calls == {("a", "Bearer st_a"), ("b", "Bearer st_b")}


async def test_words_are_pronounced_as_the_agent_says_and_written_as_they_are(gateway: FakeGateway) -> None:
    """AGT-1: pronunciation rules change the voice, not the transcript."""
    session = gateway.create(
        firstMessage="Ask Speko about SQL.", firstMessageMode="say", pronunciations={"SQL": "sequel"}
    )
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("turn")))
    assert [str(call["text"]) for call in gateway.calls_to("tts")] == ["Ask Speko about sequel."]
    assert caller.said == [("agent", "Ask Speko about SQL.")]
