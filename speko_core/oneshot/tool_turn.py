"""Opening a completion with whatever tools it has: those of the request, and those of the session's agent."""

from collections.abc import Sequence
from functools import partial

from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_core.oneshot.complete import CompleteCall, open_complete
from speko_core.oneshot.schemas import ChatTool, CompleteInput
from speko_core.oneshot.tool_loop import DEFAULT_HOPS, Hop, ToolLoop
from speko_core.principal import Principal
from speko_core.sessions.models import VoiceSession
from speko_core.toolrun.keys import Keys, place_of
from speko_core.toolrun.late import with_late_results
from speko_core.toolrun.offer import agent_tools, request_tools, session_of
from speko_core.toolrun.runner import Place, ToolRunner
from speko_core.toolrun.tool import RunnableTool


async def open_completion(
    deps: Deps,
    principal: Principal,
    data: CompleteInput,
    *,
    session_id: str | None = None,
    idempotency_key: str | None = None,
) -> CompleteCall | ToolLoop:
    """Route a completion, with the tool loop where a tool runs here; nothing is sent before `start`.

    A session's own credential brings the tools of its agent; on a clash of names they win.

    Raises:
        InvalidInput: a tool cannot run, or an allow-list entry is unknown.
        NoCandidate: no model may serve the call.
        InsufficientCredits: there is no credit for a managed call.
    """
    own = principal.session_id or session_id
    if principal.session_id is None and all(tool.kind == "inline" for tool in data.tools or ()):
        return await open_complete(deps, principal, data, session_id=own)
    session = await session_of(deps, principal, own)
    tools = await _offered(deps, principal, data, session)
    data = data.model_copy(update={"tools": tuple(map(_inline, tools)) or None})
    if all(tool.kind == "inline" for tool in tools):
        return await open_complete(deps, principal, data, session_id=own)
    return await _open_loop(deps, principal, data, tools, session, own, idempotency_key)


async def _offered(
    deps: Deps, principal: Principal, data: CompleteInput, session: VoiceSession | None
) -> list[RunnableTool]:
    requested = await request_tools(deps, principal, data.tools or (), session)
    registered = agent_tools(deps, session) if session is not None and principal.session_id is not None else []
    return list({tool.name: tool for tool in (*requested, *registered)}.values())


async def _open_loop(
    deps: Deps,
    principal: Principal,
    data: CompleteInput,
    tools: Sequence[RunnableTool],
    session: VoiceSession | None,
    session_id: str | None,
    idempotency_key: str | None,
) -> ToolLoop:
    organization_id = principal.organization_id
    if session is None:
        place, where = Place(organization_id), idempotency_key or new_id("turn")
    else:
        place, where = Place(organization_id, session.id, session.kind), place_of(session.id, data.messages)
        messages = await with_late_results(deps, organization_id, session.id, data.messages)
        data = data.model_copy(update={"messages": messages})
    first = await open_complete(deps, principal, data, session_id=session_id)
    open_hop = partial(_open_hop, deps, principal, data, session_id)
    return ToolLoop(first, open_hop, tools, ToolRunner(deps, place, Keys(where)), data.max_tool_hops or DEFAULT_HOPS)


async def _open_hop(
    deps: Deps, principal: Principal, data: CompleteInput, session_id: str | None, hop: Hop
) -> CompleteCall:
    """A choice that forces a tool holds for the first hop only: forced again, it would never come to an answer."""
    forced = data.tool_choice not in (None, "auto", "none")
    choice = "none" if not hop.tools_allowed else "auto" if forced else data.tool_choice
    changed = {"messages": (*data.messages, *hop.added), "tool_choice": choice}
    return await open_complete(deps, principal, data.model_copy(update=changed), session_id=session_id)


def _inline(tool: RunnableTool) -> ChatTool:
    offered = tool.offered()
    return ChatTool(name=offered.name, description=offered.description, parameters=offered.parameters)
