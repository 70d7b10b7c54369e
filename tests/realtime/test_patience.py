"""How long anybody is waited for in a realtime conversation; no test waits itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import pytest

from speko_core.providers.base import Credential, FailureKind, ProviderError, Tool, ToolCall
from speko_core.providers.catalog import load_catalog
from speko_core.providers.families.conversing import ANSWER_S
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.openai_realtime import openai_realtime
from speko_core.providers.realtime import Greet, Ready, RealtimeInput, RealtimeRequest, ToolResult
from speko_core.realtime.calls import Calls
from speko_core.realtime.chores import Chores
from speko_core.realtime.conversation import Conversation
from speko_core.realtime.toolbox import CALLER_S, TOO_LATE, Toolbox
from tests.fakes.vendors.behaviour import Behaviour, Trouble
from tests.fakes.vendors.openai_realtime import FakeOpenAiRealtime

pytestmark = pytest.mark.virtual_time
REQUEST = RealtimeRequest("gpt-realtime", "en", 24_000, 24_000)


async def said(*inputs: RealtimeInput) -> AsyncIterator[RealtimeInput]:
    """Inputs at once, then nothing more."""
    for one in inputs:
        yield one
    await asyncio.Event().wait()


def conversation(fake: FakeOpenAiRealtime, *inputs: RealtimeInput) -> Any:
    """The adapter's events."""
    adapter = openai_realtime(VendorSockets(), load_catalog()["openai"])
    return adapter.converse(REQUEST, said(*inputs), Credential(fake.key, "MANAGED", f"{fake.url}/v1"))


async def test_a_vendor_that_stalls_in_an_answer_is_given_up() -> None:
    """RTE-9, SES-6"""
    async with FakeOpenAiRealtime().serving() as fake:
        fake.then(Behaviour(Trouble.STALL))
        began = asyncio.get_running_loop().time()
        async with aclosing(conversation(fake, Greet("Greet."))) as events:
            with pytest.raises(ProviderError) as stalled:
                _ = [event async for event in events]

    assert stalled.value.kind is FailureKind.TIMEOUT
    assert ANSWER_S <= asyncio.get_running_loop().time() - began < ANSWER_S + 10


async def test_silence_of_both_sides_is_nobody_s_failure() -> None:
    """SES-6: the vendor owes nothing, and its socket shows that it lives."""
    async with FakeOpenAiRealtime().serving() as fake, aclosing(conversation(fake)) as events:
        assert isinstance(await anext(events), Ready)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(events), ANSWER_S * 2)


class Told:
    """Takes what a conversation is told, and what a caller is sent."""

    def __init__(self) -> None:
        self.inputs: asyncio.Queue[RealtimeInput] = asyncio.Queue()
        self.frames: list[dict[str, Any]] = []

    async def tell(self, given: RealtimeInput) -> None:
        await self.inputs.put(given)

    async def send(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)


class OneTool:
    """A toolbox with one tool, which the caller runs."""

    offered = (Tool("get_weather", "", {}),)

    def runs_here(self, call: ToolCall) -> bool:
        return False

    def is_known(self, call: ToolCall) -> bool:
        return call.name == "get_weather"


async def test_a_caller_s_tool_that_never_answers_is_told_to_the_model() -> None:
    """SES-6: after a minute, and a tool that does not exist at once."""
    told = Told()
    calls = Calls(cast(Toolbox, OneTool()), cast(Any, told), cast(Conversation, told), Chores())
    await calls.begin(ToolCall("call_1", "get_weather", "{}"))
    await calls.begin(ToolCall("call_2", "dance", "{}"))
    unknown = await told.inputs.get()
    began = asyncio.get_running_loop().time()
    late = await asyncio.wait_for(told.inputs.get(), CALLER_S * 2)
    waited = asyncio.get_running_loop().time() - began
    await calls.answered(ToolResult("call_1", "Sunny."))

    assert unknown == ToolResult("call_2", "There is no tool dance.")
    assert (late, told.inputs.empty()) == (ToolResult("call_1", TOO_LATE), True)
    assert CALLER_S - 1 < waited < CALLER_S + 5
    assert [frame["t"] for frame in told.frames] == ["tool_call"]
