"""`apply`: the agents of a build with their tools, in one transaction. A second time it updates and never doubles.

An agent is known by its name and a tool by its name, so an import meets what the last one made. What was set here by
hand and the source does not set stays: secrets, webhooks, tools of other names.
"""

from dataclasses import dataclass

from speko_core.agents import repository as agents
from speko_core.agents import service as agent_service
from speko_core.agents.models import Agent
from speko_core.agents.schemas import AgentCreate, AgentUpdate
from speko_core.context import Ctx
from speko_core.migration.build import AgentBuild, Build
from speko_core.migration.building import make
from speko_core.migration.handoff_tools import with_ids
from speko_core.migration.schemas import (
    AppliedAgent,
    AppliedTool,
    Change,
    Migrated,
    MigrationApplied,
    MigrationApply,
)
from speko_core.migration.service import refused_files
from speko_core.tools import repository as tools
from speko_core.tools import service as tool_service
from speko_core.tools.schemas import ToolCreate, ToolUpdate
from speko_core.types import JsonObject

MAX_NAME = 200


async def apply(ctx: Ctx, data: MigrationApply) -> MigrationApplied:
    """Create or update every agent and every tool of the builds."""
    made, refused = await make(ctx, data)
    taken: set[str] = set()
    applied = [await _migrate(ctx, one.build, taken) for one in made]
    return MigrationApplied(applied=applied, refused=refused_files(refused))


async def _migrate(ctx: Ctx, build: Build, taken: set[str]) -> Migrated:
    made = [await _agent(ctx, one, taken) for one in build.agents]
    ids = {one.build.key: one.agent.id for one in made}
    done = [await _applied(ctx, one, ids) for one in made]
    return Migrated(
        platform=build.platform,
        source_digest=build.source_digest,
        agents=done,
        session_config=build.session_config,
        phone_config=build.phone_config,
        webhooks=build.webhooks,
        evals=build.evals,
        handoffs=build.handoffs,
        unmappable_tools=build.unmappable_tools,
        warnings=build.warnings,
        keys_to_set=build.keys_to_set,
        report=build.report,
    )


@dataclass(frozen=True)
class _Made:
    """An agent that is here with its own tools; `before` is the version it had, None for a new one."""

    build: AgentBuild
    agent: Agent
    before: int | None
    tools: list[AppliedTool]


async def _agent(ctx: Ctx, build: AgentBuild, taken: set[str]) -> _Made:
    name = _free(str(build.agent_create_payload["name"]), taken)
    payload: JsonObject = {**build.agent_create_payload, "name": name}
    known = await agents.by_name(ctx.db, name)
    before = known.version if known else None
    if known is None:
        made = await agent_service.create(ctx, AgentCreate.model_validate(payload))
        known = await agents.get(ctx.db, made.id)
    else:
        await agent_service.update(ctx, AgentUpdate.model_validate({**payload, "id": known.id}))
    assert known is not None
    return _Made(build, known, before, [await _tool(ctx, known, body) for body in build.tools])


async def _applied(ctx: Ctx, made: _Made, ids: dict[str, str]) -> AppliedAgent:
    """Link the agent to the others, now that all of them have ids."""
    agent, handing = made.agent, made.build.handoff_tool
    linked = [await _tool(ctx, agent, with_ids(handing, ids))] if handing else []
    change: Change = "created" if made.before is None else "unchanged" if agent.version == made.before else "updated"
    return AppliedAgent(
        key=made.build.key,
        agent_id=agent.id,
        name=agent.name,
        change=change,
        version=agent.version,
        tools=[*made.tools, *linked],
    )


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number where another agent of the same import has it: equal imports give equal names."""
    free, count = name, 2
    while free in taken:
        free = f"{name[: MAX_NAME - 5]} {count}"
        count += 1
    taken.add(free)
    return free


async def _tool(ctx: Ctx, agent: Agent, body: JsonObject) -> AppliedTool:
    row = await tools.named(ctx.db, agent.id, str(body["name"]))
    before = agent.version
    if row is None:
        made = await tool_service.create(ctx, ToolCreate.model_validate({**body, "id": agent.id}))
        return AppliedTool(tool_id=made.id, name=made.name, change="created")
    given = {name: value for name, value in body.items() if name != "name"}
    await tool_service.update(ctx, ToolUpdate.model_validate({**given, "id": agent.id, "tool_id": row.id}))
    return AppliedTool(tool_id=row.id, name=row.name, change="unchanged" if agent.version == before else "updated")
