"""Recording a version after a change: called by every service that changes an agent or its tools."""

from speko_core.agents.models import Agent
from speko_core.context import Ctx
from speko_core.ids import new_id
from speko_core.tools.rendering import definition
from speko_core.tools.repository import tools_of
from speko_core.versions import repository
from speko_core.versions.content import content_of, sha_of
from speko_core.versions.models import AgentVersionRow


async def record_version(ctx: Ctx, agent: Agent, note: str = "") -> AgentVersionRow:
    """The version that holds the agent and its tools as they are now: a new one when anything changed, else the newest.

    Writes what is pending, then holds the agent's row until the transaction ends, so that concurrent changes number
    their versions one after the other. `agent.version` follows the number.
    """
    await ctx.db.flush()
    await ctx.db.refresh(agent, with_for_update=True)
    tools = {row.name: definition(row) for row in await tools_of(ctx.db, agent.id)}
    content = content_of(agent.name, agent.config, tools)
    sha = sha_of(content)
    last = await repository.newest(ctx.db, agent.id)
    if last is not None and last.sha == sha:
        return last
    version = AgentVersionRow(
        id=new_id("version"),
        organization_id=ctx.organization_id,
        agent_id=agent.id,
        number=last.number + 1 if last else agent.version,
        content=content,
        sha=sha,
        author_kind=ctx.principal.kind,
        author_id=ctx.principal.id,
        note=note,
        created_at=ctx.now(),
    )
    agent.version, agent.updated_at = version.number, version.created_at
    ctx.db.add(version)
    await ctx.db.flush()
    return version
