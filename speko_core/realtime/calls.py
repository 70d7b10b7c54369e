"""The tool calls of a conversation: made here, or handed out to the caller and waited for, within bounds."""

import asyncio
from collections.abc import Iterable
from typing import Final

from speko_core.providers.base import ToolCall
from speko_core.providers.realtime import ToolResult
from speko_core.realtime import frames
from speko_core.realtime.caller import Caller
from speko_core.realtime.chores import Chores
from speko_core.realtime.conversation import Conversation
from speko_core.realtime.endings import ENDED
from speko_core.realtime.toolbox import CALLER_S, TOO_LATE, Toolbox

# After `end_call` the model says goodbye; then the session ends, whether it did or not.
FAREWELL_S: Final = 20.0


class Calls:
    """The calls of one conversation. `leaving` once the model has ended it: its next words are the last."""

    def __init__(self, toolbox: Toolbox, caller: Caller, conversation: Conversation, chores: Chores) -> None:
        self._toolbox, self._caller, self._conversation, self._chores = toolbox, caller, conversation, chores
        self._asked: dict[str, asyncio.TimerHandle] = {}
        self._farewells: list[asyncio.TimerHandle] = []
        self.leaving = False

    async def begin(self, call: ToolCall) -> None:
        """The model calls a tool."""
        if self._toolbox.runs_here(call):
            await self._caller.send(frames.server_tool_call(call, "started"))
            self._chores.spawn(self._run(call))
        elif self._toolbox.is_known(call):
            self._asked[call.id] = asyncio.get_running_loop().call_later(CALLER_S, self._too_late, call.id)
            await self._caller.send(frames.tool_call(call))
        else:
            await self._conversation.tell(ToolResult(call.id, f"There is no tool {call.name[:64]}."))

    async def answered(self, result: ToolResult) -> None:
        """The caller's tool has answered; an answer nobody waits for is passed over."""
        if self._forget(result.call_id):
            await self._conversation.tell(result)

    def cancel(self, call_ids: Iterable[str]) -> None:
        """Nobody waits for these any more."""
        for call_id in call_ids:
            self._forget(call_id)

    def close(self) -> None:
        """Wait for nothing any more."""
        self.cancel(tuple(self._asked))
        for timer in self._farewells:
            timer.cancel()

    def leave_after(self, seconds: float) -> None:
        """End the conversation when the farewell has been played."""
        loop = asyncio.get_running_loop()
        self._farewells.append(loop.call_later(min(seconds, FAREWELL_S), self._chores.end, ENDED))

    def _forget(self, call_id: str) -> bool:
        timer = self._asked.pop(call_id, None)
        if timer is None:
            return False
        timer.cancel()
        return True

    def _too_late(self, call_id: str) -> None:
        if self._forget(call_id):
            self._chores.spawn(self._conversation.tell(ToolResult(call_id, TOO_LATE)))

    async def _run(self, call: ToolCall) -> None:
        outcome = await self._toolbox.run(call)
        await self._caller.send(frames.server_tool_call(call, "failed" if outcome.failed else "completed"))
        if outcome.action is not None and outcome.action.get("type") == "end_call":
            self.leaving = True
            self.leave_after(FAREWELL_S)
        await self._conversation.tell(ToolResult(call.id, outcome.text))
