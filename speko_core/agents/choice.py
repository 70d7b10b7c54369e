"""Which agent is meant where naming one is optional."""

from speko_core.agents import repository
from speko_core.agents.models import Agent
from speko_core.context import Ctx
from speko_core.errors import NotFound


async def chosen_agent(ctx: Ctx, agent_id: str | None) -> Agent:
    """The named agent, or the organization's oldest.

    Raises:
        NotFound: no such agent here, or no agent at all.
    """
    if agent_id is not None:
        agent = await repository.get(ctx.db, agent_id)
    else:
        agent = next(iter(await repository.every(ctx.db)), None)
    if agent is None:
        raise NotFound("not found", hint="List the agents to find an id, or create one.")
    return agent
