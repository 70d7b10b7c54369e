"""Opening a completion with whatever tools it has: those of the request, and those of the session's agent."""

from collections.abc import Sequence
from functools import partial

from speko_core.deps import Deps
from speko_core.handover import MOST_IN_A_ROW, Handover
from speko_core.ids import new_id
from speko_core.oneshot.complete import CompleteCall, open_complete
from speko_core.oneshot.following import Following, Hop, handed_on, request_as
from speko_core.oneshot.schemas import ChatMessage, ChatTool, CompleteInput
from speko_core.oneshot.tool_loop import DEFAULT_HOPS, ToolLoop
from speko_core.principal import Principal
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.plan import SessionPlan
from speko_core.toolrun.keys import Keys, place_of
from speko_core.toolrun.late import with_late_results
from speko_core.toolrun.next_agent import agent_of_now
from speko_core.toolrun.offer import agent_tools, plan_of, request_tools, session_of
from speko_core.toolrun.runner import Place, ToolRunner
from speko_core.toolrun.tool import RunnableTool

# Its caller is its conductor: the answer goes on under the agent that was handed to.
CHAT = "chat"


async def open_turn(
    deps: Deps, principal: Principal, data: CompleteInput, own: str | None, idempotency_key: str | None
) -> CompleteCall | ToolLoop:
    """As `completing.open_completion`, for calls that may have tools to run; `own` is the session, if any."""
    session = await session_of(deps, principal, own)
    plan = plan_of(deps, session) if session is not None and principal.session_id is not None else None
    tools = await request_tools(deps, principal, data.tools or (), session)
    if plan is not None:
        tools = _merged(tools, agent_tools(plan.speaking(data.agent_id)))
    return await _Turn(deps, principal, own, session, plan).open(data, tools, idempotency_key)


class _Turn:
    """One turn of a conversation, in a session or outside one."""

    def __init__(
        self,
        deps: Deps,
        principal: Principal,
        session_id: str | None,
        session: VoiceSession | None,
        plan: SessionPlan | None,
    ) -> None:
        self._deps, self._principal, self._session_id = deps, principal, session_id
        self._session, self._plan = session, plan

    async def open(
        self, data: CompleteInput, tools: list[RunnableTool], idempotency_key: str | None
    ) -> CompleteCall | ToolLoop:
        """The first hop, and the loop around it where a tool runs here."""
        tools = _within_bounds(tools, data)
        data = data.model_copy(update={"tools": tuple(map(_inline, tools)) or None})
        if all(tool.kind == "inline" for tool in tools):
            return await self._hop(data, Hop((), tools_allowed=True))
        runner = ToolRunner(self._deps, self._place, Keys(self._where(data, idempotency_key)))
        if self._session is not None:
            organization_id = self._principal.organization_id
            messages = await with_late_results(self._deps, organization_id, self._session.id, data.messages)
            data = data.model_copy(update={"messages": messages})
        conducted = self._plan is not None and self._session is not None and self._session.kind != CHAT
        return ToolLoop(
            await self._hop(data, Hop((), tools_allowed=True)),
            partial(self._hop, data),
            tools,
            runner,
            data.max_tool_hops or DEFAULT_HOPS,
            None if conducted else partial(self._follow, data, tools),
        )

    @property
    def _place(self) -> Place:
        organization_id, session = self._principal.organization_id, self._session
        if session is None:
            return Place(organization_id)
        plan = self._plan
        agents = [plan, *plan.linked.values()] if plan else []
        linked = {one.agent_id: one.agent_name or one.agent_id for one in agents if one.agent_id}
        return Place(organization_id, session.id, session.kind, linked if plan else None)

    def _where(self, data: CompleteInput, idempotency_key: str | None) -> str:
        """The place of the turn, by which a repeated call is known. Each agent's turn is a place of its own."""
        if self._session is None:
            return idempotency_key or new_id("turn")
        place = place_of(self._session.id, data.messages)
        return f"{place}:{data.agent_id}:{data.handovers}" if data.agent_id else place

    async def _hop(self, data: CompleteInput, hop: Hop) -> CompleteCall:
        """A choice that forces a tool holds for the first hop only: forced again, it would never come to an answer."""
        if hop.added or not hop.tools_allowed:
            forced = data.tool_choice not in (None, "auto", "none")
            choice = "none" if not hop.tools_allowed else "auto" if forced else data.tool_choice
            data = data.model_copy(update={"messages": (*data.messages, *hop.added), "tool_choice": choice})
        return await open_complete(self._deps, self._principal, data, session_id=self._session_id)

    async def _follow(
        self,
        data: CompleteInput,
        tools: Sequence[RunnableTool],
        handover: Handover,
        added: tuple[ChatMessage, ...],
    ) -> Following:
        """The turn goes on with another agent: its prompt, models and tools, and those that the caller runs itself."""
        agent = self._plan.linked.get(handover.agent_id, self._plan) if self._plan else None
        agent = agent or await agent_of_now(self._deps, self._principal, handover.agent_id)
        messages = handed_on(data, added, handover, {tool.name for tool in tools if tool.hands_over})
        changed = {"messages": messages, "agent_id": handover.agent_id, "handovers": data.handovers + 1}
        data = data.model_copy(update={"tool_choice": None, **request_as(agent), **changed})
        kept = [tool for tool in tools if tool.kind == "inline"]
        offered = _within_bounds(_merged(kept, agent_tools(agent)), data)
        data = data.model_copy(update={"tools": tuple(map(_inline, offered)) or None})
        return Following(partial(self._hop, data), offered, partial(self._follow, data, offered))


def _merged(requested: Sequence[RunnableTool], registered: Sequence[RunnableTool]) -> list[RunnableTool]:
    return list({tool.name: tool for tool in (*requested, *registered)}.values())


def _within_bounds(tools: list[RunnableTool], data: CompleteInput) -> list[RunnableTool]:
    """Without the tools that hand over, once the caller was handed on often enough since they last spoke."""
    return tools if data.handovers < MOST_IN_A_ROW else [tool for tool in tools if not tool.hands_over]


def _inline(tool: RunnableTool) -> ChatTool:
    offered = tool.offered()
    return ChatTool(name=offered.name, description=offered.description, parameters=offered.parameters)
