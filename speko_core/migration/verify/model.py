"""Turns on the offline model. It is told by a script which tool to call, so that what is tried is the agent's tools and
not the model's choice; how a real model chooses cannot be tried offline.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from speko_core.context import Ctx
from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_core.oneshot.complete import CompleteCall, open_complete
from speko_core.oneshot.following import Hop
from speko_core.oneshot.schemas import ChatMessage, ChatTool, CompleteInput
from speko_core.oneshot.tool_loop import ToolLoop
from speko_core.principal import Principal
from speko_core.providers.base import ToolCall
from speko_core.routing.intent import AllowedProviders, Constraints, RoutingIntent
from speko_core.toolrun.keys import Keys
from speko_core.toolrun.outcome import Outcome
from speko_core.toolrun.runner import Order, Place, ToolRunner
from speko_core.toolrun.tool import RunnableTool
from speko_core.types import JsonObject

OFFLINE = Constraints(allowed_providers=AllowedProviders(llm=("sandbox",)))


class Witness(ToolRunner):
    """Makes calls as ever, and keeps what became of each before it was made."""

    prepared: list[Order | Outcome]

    def prepare(self, tool: RunnableTool, call: ToolCall) -> Order | Outcome:
        """The order, or why the call is not made."""
        order = super().prepare(tool, call)
        self.prepared = [*getattr(self, "prepared", []), order]
        return order


@dataclass(frozen=True)
class Turn:
    """What came of one turn: the words, and the calls: made here, handed back, or refused."""

    text: str
    made: tuple[Order, ...] = ()
    handed_back: tuple[JsonObject, ...] = ()
    refused: tuple[str, ...] = field(default=())


async def opening(ctx: Ctx, language: str, prompt: str) -> str:
    """What the offline model opens a call with."""
    call = await open_complete(ctx.deps, _tester(ctx), _input(language, prompt, (), ()))
    try:
        await call.collect()
        return call.text
    finally:
        await call.aclose()


async def calling(ctx: Ctx, language: str, tools: Sequence[RunnableTool], name: str, arguments: JsonObject) -> Turn:
    """A turn in which the model calls this tool, and goes on with the answer."""
    turn = {"turns": [{"tool_call": {"name": name, "args": arguments}}]}
    # The fence of the script must not stand in it.
    script = json.dumps(turn).replace("`", "\\u0060")
    messages = (ChatMessage(role="user", content="Please go on."),)
    offered = tuple(_offered(tool) for tool in tools)
    data = _input(language, f"```sandbox\n{script}\n```", messages, offered)
    return await _looped(ctx.deps, _tester(ctx), data, tools)


async def _looped(deps: Deps, tester: Principal, data: CompleteInput, tools: Sequence[RunnableTool]) -> Turn:
    async def open_hop(hop: Hop) -> CompleteCall:
        added = data.model_copy(update={"messages": (*data.messages, *hop.added)})
        return await open_complete(deps, tester, added)

    witness = Witness(deps, Place(tester.organization_id), Keys(new_id("turn")))
    loop = ToolLoop(await open_complete(deps, tester, data), open_hop, tools, witness, max_hops=1)
    try:
        await loop.collect()
    finally:
        await loop.aclose()
    prepared: list[Order | Outcome] = getattr(witness, "prepared", [])
    handed = loop.result().get("toolCalls")
    return Turn(
        text=str(loop.result()["text"]),
        made=tuple(one for one in prepared if isinstance(one, Order)),
        handed_back=tuple(one for one in handed if isinstance(one, dict)) if isinstance(handed, list) else (),
        refused=tuple(one.text for one in prepared if isinstance(one, Outcome)),
    )


def _tester(ctx: Ctx) -> Principal:
    """The caller, as with a test key: offline providers, never billed."""
    return replace(ctx.principal, mode="test", session_id=None)


def _offered(tool: RunnableTool) -> ChatTool:
    offered = tool.offered()
    return ChatTool(name=offered.name, description=offered.description, parameters=offered.parameters)


def _input(language: str, prompt: str, messages: tuple[ChatMessage, ...], tools: tuple[ChatTool, ...]) -> CompleteInput:
    return CompleteInput(
        messages=messages,
        intent=RoutingIntent.model_validate({"language": language}),
        system_prompt=prompt or "Open the call.",
        tools=tools or None,
        constraints=OFFLINE,
    )
