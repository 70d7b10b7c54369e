"""The tools of a conversation: those that run here, and those that the caller runs."""

import asyncio
import logging
from typing import Final

from speko_core.deps import Deps
from speko_core.providers.base import Tool, ToolCall
from speko_core.sessions.plan import PlanRealtime, SessionPlan
from speko_core.toolrun.keys import Keys
from speko_core.toolrun.outcome import Outcome, failed
from speko_core.toolrun.runner import Place, ToolRunner
from speko_core.toolrun.tool import RunnableTool, from_definition
from speko_core.tools.sources import BuiltinShown

AT_ONCE: Final = 8
# A caller that runs a tool has this long for it.
CALLER_S: Final = 60.0
TOO_LATE: Final = "The tool did not answer in time."
# Another agent would be another model with other instructions: a conversation keeps the one it began with.
_ABSENT: Final = frozenset({"transfer_to_agent"})

logger = logging.getLogger(__name__)


class Toolbox:
    """What the model may call. On a clash of names the agent's tool wins."""

    def __init__(self, deps: Deps, plan: SessionPlan, realtime: PlanRealtime) -> None:
        self._deps, self._plan = deps, plan
        agents = [from_definition(name, kept, plan.agent_id) for name, kept in plan.tools.items()]
        self._own = {tool.name: tool for tool in agents if tool.kind != "inline" and not _is_absent(tool)}
        self._gate = asyncio.Semaphore(AT_ONCE)
        callers = [
            Tool(str(tool["name"]), str(tool["description"]), parameters if isinstance(parameters, dict) else {})
            for tool in realtime.tools
            for parameters in (tool["parameters"],)
        ]
        offered = [*callers, *(tool.offered() for tool in agents if not _is_absent(tool))]
        self.offered: tuple[Tool, ...] = tuple({tool.name: tool for tool in offered}.values())

    def runs_here(self, call: ToolCall) -> bool:
        """False for a call that the caller makes."""
        return call.name in self._own

    def is_known(self, call: ToolCall) -> bool:
        """False for a name that the model made up."""
        return any(tool.name == call.name for tool in self.offered)

    async def run(self, call: ToolCall) -> Outcome:
        """Make a call; whatever goes wrong is told to the model."""
        runner = ToolRunner(
            self._deps,
            Place(self._plan.organization_id, self._plan.session_id, "web"),
            Keys(f"{self._plan.session_id}/{call.id}"),
        )
        async with self._gate:
            order = runner.prepare(self._own[call.name], call)
            if isinstance(order, Outcome):
                return order
            try:
                return await runner.run(order)
            except Exception:  # the edge of a call: a bug fails this one and is logged, the conversation goes on
                logger.exception("a tool call failed unexpectedly")
                return failed(f"The tool {call.name[:64]} failed on our side.")


def _is_absent(tool: RunnableTool) -> bool:
    return isinstance(tool.source, BuiltinShown) and tool.source.name in _ABSENT
