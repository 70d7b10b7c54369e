"""Opening a completion. What runs tools is loaded with the first call that may need it: most have none."""

from typing import TYPE_CHECKING

from speko_core.deps import Deps
from speko_core.late import LateModule
from speko_core.oneshot.complete import CompleteCall, open_complete
from speko_core.oneshot.schemas import CompleteInput
from speko_core.principal import Principal

if TYPE_CHECKING:
    from speko_core.oneshot import tool_turn
    from speko_core.oneshot.tool_loop import ToolLoop
else:
    tool_turn = LateModule("speko_core.oneshot.tool_turn")


async def open_completion(
    deps: Deps,
    principal: Principal,
    data: CompleteInput,
    *,
    session_id: str | None = None,
    idempotency_key: str | None = None,
) -> "CompleteCall | ToolLoop":
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
    return await tool_turn.open_turn(deps, principal, data, own, idempotency_key)
