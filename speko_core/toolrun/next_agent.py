"""The agent that a conversation outside sessions is handed to, as it serves now."""

from datetime import timedelta

from speko_core.context import Ctx
from speko_core.deps import Deps
from speko_core.ids import new_id, new_session_id
from speko_core.principal import Principal
from speko_core.sessions.creation_schemas import SessionCreate
from speko_core.sessions.frame import Frame
from speko_core.sessions.linking import frozen
from speko_core.sessions.plan import PlanAgent
from speko_core.versions.live import serving
from speko_core.versions.service import found_agent

_LIFE = timedelta(hours=1)


async def agent_of_now(deps: Deps, principal: Principal, agent_id: str) -> PlanAgent:
    """What serves in production, with the defaults of its variables.

    Raises:
        NotFound: no such agent here.
        InvalidInput: a variable of its prompt has no default.
    """
    now = deps.clock.now()
    async with deps.database.transaction(principal.organization_id) as db:
        ctx = Ctx(principal, deps, db, "rest", new_id("req"))
        served = await serving(ctx, await found_agent(ctx, agent_id), None)
        frame = Frame(new_session_id(), principal.organization_id, principal.mode, "text", now + _LIFE, now)
        return frozen(frame, SessionCreate(agent_id=agent_id), served)
