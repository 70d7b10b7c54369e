"""Whether a tool could run now."""

from speko_core.context import Ctx
from speko_core.tools.models import AgentToolRow
from speko_core.tools.registration import action_of
from speko_core.tools.sources import IntegrationSource


async def is_available(ctx: Ctx, row: AgentToolRow) -> bool:
    """False for an action of an app that is not connected now."""
    if row.source.get("kind") != "integration":
        return True
    return await ctx.deps.integrations.is_live(ctx.db, action_of(IntegrationSource.model_validate(row.source)))
