"""The tool calls of one completion: made side by side, told as they begin and end, remembered for the next hop."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Sequence

from speko_core.handover import Handover
from speko_core.oneshot.call import WireEvent
from speko_core.oneshot.schemas import CallMade, ChatMessage
from speko_core.providers.base import ToolCall
from speko_core.toolrun.outcome import Outcome, failed
from speko_core.toolrun.runner import Order, ToolRunner
from speko_core.toolrun.tool import RunnableTool
from speko_core.types import JsonObject

CALLS_A_HOP = 16
AT_ONCE = 8
# Longer than any tool may take.
DRAIN_S = 40.0

log = logging.getLogger(__name__)


class ToolCalls:
    """Makes the calls of every hop. `messages` are what the conversation gained by them, `actions` what they asked.

    `made` are the calls of the last hop, `handover` is what one of them asked for.
    """

    def __init__(self, tools: Sequence[RunnableTool], runner: ToolRunner) -> None:
        self._tools, self._runner = {tool.name: tool for tool in tools}, runner
        self._running: set[asyncio.Task[Outcome]] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self.messages: list[ChatMessage] = []
        self.actions: list[JsonObject] = []
        self.made: list[JsonObject] = []
        self.handover: Handover | None = None

    @property
    def handing_over(self) -> set[str]:
        """The names of the tools that hand the conversation over."""
        return {tool.name for tool in self._tools.values() if tool.hands_over}

    def belong_to(self, tools: Sequence[RunnableTool]) -> None:
        """Another agent goes on, with its own tools; what was called before is in the conversation it got."""
        self._tools, self.messages = {tool.name: tool for tool in tools}, []

    def is_inline(self, call: ToolCall) -> bool:
        """True for a call that only the caller can make."""
        tool = self._tools.get(call.name)
        return tool is not None and tool.kind == "inline"

    async def make(self, said: str, calls: Sequence[ToolCall], beat_s: float) -> AsyncGenerator[list[WireEvent], None]:
        """Make the calls that the model asked for after it had `said` something; empty lists mark silence."""
        yield [_started(call) for call in calls]
        tasks = [self._begin(index, call) for index, call in enumerate(calls)]
        waiting = set(tasks)
        while waiting:
            ended, waiting = await asyncio.wait(waiting, timeout=beat_s, return_when=asyncio.FIRST_COMPLETED)
            yield [_ended(call, task.result()) for call, task in zip(calls, tasks, strict=True) if task in ended]
        self._remember(said, calls, [task.result() for task in tasks])

    async def aclose(self) -> None:
        """Wait for the calls that were begun, within their own limits: a side effect that may have happened is
        recorded, so that a repeated turn finds it.
        """
        if self._running:
            await asyncio.wait(self._running, timeout=DRAIN_S)

    def _begin(self, index: int, call: ToolCall) -> "asyncio.Task[Outcome]":
        task = asyncio.create_task(self._make(call, self._prepared(index, call)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _prepared(self, index: int, call: ToolCall) -> Order | Outcome:
        tool = self._tools.get(call.name)
        if tool is None:
            return failed(f"There is no tool {call.name[:64]}.")
        if index >= CALLS_A_HOP:
            return failed(f"The tool was not called: at most {CALLS_A_HOP} calls are made at a time.")
        return self._runner.prepare(tool, call)

    async def _make(self, call: ToolCall, prepared: Order | Outcome) -> Outcome:
        if isinstance(prepared, Outcome):
            return prepared
        try:
            async with self._gate:
                return await self._runner.run(prepared)
        except Exception:  # the edge of a call: a bug fails this one and is logged, the conversation goes on
            log.exception("a tool call failed unexpectedly")
            return failed(f"The tool {call.name[:64]} failed on our side.")

    def _remember(self, said: str, calls: Sequence[ToolCall], outcomes: Sequence[Outcome]) -> None:
        made = tuple(CallMade(id=call.id, name=call.name, args=_parsable(call.args)) for call in calls)
        self.messages.append(ChatMessage(role="assistant", content=said, tool_calls=made))
        self.made, self.handover = [{"name": call.name, "args": call.args} for call in made], None
        for call, outcome in zip(calls, map(self._one_handover, outcomes), strict=True):
            is_error = True if outcome.failed else None
            self.messages.append(
                ChatMessage(role="tool", content=outcome.text, tool_call_id=call.id, is_error=is_error)
            )
            if outcome.action is not None:
                self.actions.append(outcome.action)

    def _one_handover(self, outcome: Outcome) -> Outcome:
        asked = Handover.of(outcome.action)
        if asked is not None and self.handover is not None:
            return failed("Only one agent can go on with the conversation; another was asked first.")
        self.handover = self.handover or asked
        return outcome


def _started(call: ToolCall) -> WireEvent:
    """A call begins; with its arguments, for the transcript of whoever conducts the session."""
    told: JsonObject = {"id": call.id, "name": call.name, "status": "started", "args": _parsable(call.args)}
    return "server_tool_call", told


def _ended(call: ToolCall, outcome: Outcome) -> WireEvent:
    status = "failed" if outcome.failed else "completed"
    return "server_tool_call", {"id": call.id, "name": call.name, "status": status}


def _parsable(args: str) -> str:
    """Arguments as they may stand in a conversation; what a model garbled is shown to it as empty."""
    try:
        json.loads(args or "{}")
    except (ValueError, RecursionError):
        return "{}"
    return args or "{}"
