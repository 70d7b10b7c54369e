"""The agents that a conversation can be handed to, frozen with it when it begins (AGT-9, SES-12).

A handover takes no decision later: whoever may speak in the session is in its plan, with the version that served when
the session was created.
"""

from dataclasses import replace

from speko_core.agents import repository as agents
from speko_core.context import Ctx
from speko_core.errors import NotFound
from speko_core.handover import MOST_LINKED
from speko_core.sessions.compose import compose
from speko_core.sessions.creation_schemas import SessionCreate
from speko_core.sessions.frame import Frame
from speko_core.sessions.plan import PlanAgent
from speko_core.tools.handover import linked_ids
from speko_core.versions.live import PRODUCTION, Serving, serving


async def linked_agents(ctx: Ctx, frame: Frame, data: SessionCreate, served: Serving | None) -> dict[str, PlanAgent]:
    """Every agent that can come to speak, nearest first, at most `MOST_LINKED`; one that is gone is left out.

    Raises:
        InvalidInput: a text of one of them lacks a variable that the call did not give.
    """
    found: dict[str, PlanAgent] = {}
    waiting = linked_ids({**served.tools}) if served else []
    while waiting and served and len(found) < MOST_LINKED:
        agent_id = waiting.pop(0)
        if agent_id in found or agent_id == served.agent.id:
            continue
        linked = await _serving(ctx, agent_id, served.environment)
        if linked is not None:
            found[agent_id] = frozen(frame, data, linked)
            waiting += linked_ids({**linked.tools})
    return found


def frozen(frame: Frame, data: SessionCreate, served: Serving) -> PlanAgent:
    """An agent as its version has it, with the call's variables and region; the call's other fields are not its own."""
    own = SessionCreate(
        agent_id=served.agent.id, variables=data.variables, first_message="", ttl_seconds=data.ttl_seconds
    )
    plan = compose(replace(frame, tools=served.tools, environment=served.environment), own, served.agent)
    region = {"region": data.intent.region.value} if data.intent else {}
    plan = plan.model_copy(update={"intent": plan.intent.model_copy(update=region)})
    return PlanAgent(**{name: getattr(plan, name) for name in PlanAgent.model_fields})


async def _serving(ctx: Ctx, agent_id: str, environment: str) -> Serving | None:
    """The agent in the environment of the session; in production where it was never deployed to that one."""
    agent = await agents.get(ctx.db, agent_id)
    if agent is None:
        return None
    try:
        return await serving(ctx, agent, environment)
    except NotFound:
        return await serving(ctx, agent, PRODUCTION)
