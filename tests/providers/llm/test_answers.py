"""What every adapter makes of a good answer, and what it asks for."""

import asyncio
from contextlib import aclosing

import orjson

from speko_core.providers.base import LlmUsage, Message, TextDelta, ToolCall
from tests.fakes.vendors.behaviour import Behaviour, Trouble
from tests.fakes.vendors.llm import WEATHER, Call, Reply
from tests.providers.llm.stage import PARTS, Part, Stage, asking, every_vendor, on_stage, tools


def called(stage: Stage) -> list[ToolCall]:
    return [event for event in stage.heard if isinstance(event, ToolCall)]


@every_vendor
async def test_text_streams_as_it_comes_and_usage_is_what_the_vendor_counted(part: Part) -> None:
    """RTE-16, ONE-4"""
    async with on_stage(part) as stage:
        heard = await stage.complete(asking())
    assert heard == [TextDelta("Hel"), TextDelta("lo"), TextDelta(" there."), LlmUsage(11, 7)]


@every_vendor
async def test_the_first_word_does_not_wait_for_the_last(part: Part) -> None:
    """ONE-6: a delta is handed over while the vendor is still speaking."""
    async with on_stage(part) as stage:
        stage.fake.always = Behaviour(Trouble.STALL)
        async with aclosing(stage.events(asking())) as events:  # type: ignore[type-var]
            assert await asyncio.wait_for(anext(events), 5) == TextDelta("Hel")


@every_vendor
async def test_tool_calls_come_whole_with_parsable_arguments(part: Part) -> None:
    """ONE-4: fragments are put together, and a call without arguments has `{}`."""
    async with on_stage(part) as stage:
        stage.will_say(WEATHER)
        await stage.complete(asking(tools=tools()))
    assert stage.text == "One moment."
    assert [(call.name, orjson.loads(call.args)) for call in called(stage)] == [
        ("get_weather", {"city": "Paris"}),
        ("get_time", {}),
    ]
    assert all(call.args and call.id for call in called(stage))
    assert isinstance(stage.heard[-1], LlmUsage)


@every_vendor
async def test_a_tool_round_trip_is_taken_by_the_vendor(part: Part) -> None:
    """ONE-4: calls and results go back in the vendor's own shape, in parallel and as an error too."""
    async with on_stage(part) as stage:
        stage.will_say(WEATHER)
        await stage.complete(asking(tools=tools()))
        calls = called(stage)
        stage.will_say(Reply(texts=("Sunny.",)))
        history = (
            Message("user", "Weather?"),
            Message("assistant", "One moment.", tuple(calls)),
            Message("tool", "20 degrees", tool_call_id=calls[0].id),
            Message("tool", "no clock", tool_call_id=calls[1].id, is_error=True),
            Message("user", "And?"),
        )
        await stage.complete(asking(*history, tools=tools()))
    assert stage.text == "Sunny."


@every_vendor
async def test_calls_of_another_vendor_may_stand_in_the_history(part: Part) -> None:
    """ONE-6: after a failover the conversation holds ids this vendor would not have made."""
    foreign = ToolCall("call|with strange characters~" + "s" * 300, "get_weather", '{"city":"Rome"}')
    history = (
        Message("assistant", "Hello, who is there?"),
        Message("system", "The caller is a member."),
        Message("user", "Weather in Rome?"),
        Message("assistant", "", (foreign,)),
        Message("tool", "cold", tool_call_id=foreign.id),
    )
    async with on_stage(part) as stage:
        await stage.complete(asking(*history, tools=tools()))
    assert stage.text == "Hello there."


@every_vendor
async def test_every_option_of_the_wire_is_taken_by_the_vendor(part: Part) -> None:
    """RTE-20: what the catalogue promises for the model is accepted."""
    async with on_stage(part) as stage:
        for choice in ("auto", "none", "required", "tool:get_time"):
            for parallel in (None, False, True):
                request = asking(
                    tools=tools(),
                    tool_choice=choice,
                    parallel_tool_calls=parallel,
                    max_tokens=50,
                    reasoning_effort="low",
                )
                await stage.complete(request)
        await stage.complete(asking(reasoning_effort="xhigh"))
        await stage.complete(asking(system_prompt=None))
        await stage.complete(asking(Message("system", "Greet the caller."), system_prompt=None))
    assert len(stage.fake.seen) == 15


@every_vendor
async def test_a_caller_who_wants_one_call_at_a_time_gets_one(part: Part) -> None:
    """ONE-4: also where the vendor has no such switch, or ignores it."""
    async with on_stage(part) as stage:
        stage.will_say(WEATHER)
        await stage.complete(asking(tools=tools(), parallel_tool_calls=False))
    assert [call.name for call in called(stage)] == ["get_weather"]


@every_vendor
async def test_thinking_is_never_spoken(part: Part) -> None:
    """ONE-4: a caller would hear it."""
    async with on_stage(part) as stage:
        stage.will_say(Reply(texts=("Yes.",), thoughts=("Let me", " see")))
        await stage.complete(asking())
    assert stage.text == "Yes."


@every_vendor
async def test_a_call_without_text_is_an_answer(part: Part) -> None:
    """ONE-11: a tool call alone is not nothing."""
    async with on_stage(part) as stage:
        stage.will_say(Reply(texts=(), calls=(Call("get_time", ('{"zone":', "1}")),)))
        await stage.complete(asking(tools=tools()))
    assert [orjson.loads(call.args) for call in called(stage)] == [{"zone": 1}]


@every_vendor
async def test_many_calls_share_few_connections(part: Part) -> None:
    """RTE-19: connections are kept alive after an answer was read to its end."""
    async with on_stage(part) as stage:
        for _ in range(6):
            await stage.complete(asking())
        one_by_one = {seen.connection for seen in stage.fake.seen}
        answers = await asyncio.gather(*(_text(stage) for _ in range(20)))
        connections = {seen.connection for seen in stage.fake.seen}
    assert len(one_by_one) == 1
    assert set(answers) == {"Hello there."}
    assert len(connections) <= 20


async def _text(stage: Stage) -> str:
    events = [event async for event in stage.events(asking())]
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_the_openai_rule_about_tools_and_effort_is_kept() -> None:
    """RTE-16: models from 5.4 on take tools with the effort `none` only, older ones with any."""
    async with on_stage(PARTS[0]) as stage:
        for model in ("gpt-5.6-luna", "gpt-5.4-mini", "gpt-6-luna", "gpt-5.1", "gpt-4.1"):
            for effort in (None, "low", "high"):
                await stage.complete(asking(model=model, tools=tools(), reasoning_effort=effort))
        sent = [(seen.json["model"], seen.json.get("reasoning_effort")) for seen in stage.fake.seen]
    assert sent[:3] == [("gpt-5.6-luna", "none")] * 3
    assert sent[9:12] == [("gpt-5.1", "none"), ("gpt-5.1", "low"), ("gpt-5.1", "high")]
    assert sent[12:] == [("gpt-4.1", None)] * 3


async def test_google_gets_its_signature_back() -> None:
    """RTE-16: the id a caller keeps carries it, and other vendors get an id they can take."""
    async with on_stage(PARTS[2]) as stage:
        stage.will_say(WEATHER)
        await stage.complete(asking(tools=tools()))
        calls = tuple(called(stage))
        results = tuple(Message("tool", "ok", tool_call_id=call.id) for call in calls)
        await stage.complete(asking(Message("user", "?"), Message("assistant", "", calls), *results, tools=tools()))
        parts = orjson.loads(stage.fake.seen[-1].body)["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == ["c2lnbmVkIGJ5IEdvb2dsZQ==", None]
    assert [part["functionCall"]["id"] for part in parts] == ["call_a", "call_b"]
