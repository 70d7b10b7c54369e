"""What can be done with the tools of an agent. Every change of one is a new version of its agent (AGT-7)."""

from typing import TYPE_CHECKING

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from speko_core.agents import repository as agents
from speko_core.agents.models import Agent
from speko_core.agents.secrets import keep
from speko_core.context import Ctx
from speko_core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from speko_core.ids import new_id
from speko_core.late import LateModule
from speko_core.schemas import Deleted
from speko_core.tools import repository
from speko_core.tools.availability import is_available
from speko_core.tools.models import MAX_TOOLS, AgentToolRow
from speko_core.tools.owned import refuse_change, refuse_removal, refuse_source
from speko_core.tools.registration import Registered, registered
from speko_core.tools.rendering import render
from speko_core.tools.schemas import AgentTool, ToolCreate, ToolList, ToolRef, ToolUpdate
from speko_core.types import JsonObject
from speko_core.versions.recording import record_version

if TYPE_CHECKING:
    from speko_core.tools import parameters as checks
else:
    # JSON Schema and its patterns: ten megabytes that only calls of tools need.
    checks = LateModule("speko_core.tools.parameters")


async def list_tools(ctx: Ctx, data: ToolList) -> list[AgentTool]:
    """The agent's tools, oldest first; with `available=1` only those that could run now."""
    agent = await _agent(ctx, data.id)
    rows = await repository.tools_of(ctx.db, agent.id)
    return [render(row) for row in rows if data.available != "1" or await is_available(ctx, row)]


async def get(ctx: Ctx, data: ToolRef) -> AgentTool:
    """One tool."""
    return render(await _tool(ctx, await _agent(ctx, data.id), data.tool_id))


async def create(ctx: Ctx, data: ToolCreate) -> AgentTool:
    """Register a tool; its name must be free among the agent's."""
    agent = await _agent(ctx, data.id, locked=True)
    refuse_source(data.source)
    _check_parameters(data.parameters)
    await _check_room(ctx, agent, data.name)
    made = await registered(ctx, agent.id, data.name, data.source)
    row = AgentToolRow(
        id=new_id("tool"),
        organization_id=ctx.organization_id,
        agent_id=agent.id,
        name=data.name,
        description=data.description,
        parameters=data.parameters,
        source=made.source,
        pre_tool_speech=data.pre_tool_speech,
        tool_sound=_json(data.tool_sound),
        simulation=_json(data.simulation),
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )
    ctx.db.add(row)
    await _store(ctx, agent, made, f"tool {data.name} added")
    return render(row)


async def update(ctx: Ctx, data: ToolUpdate) -> AgentTool:
    """Change the given fields only. A webhook's secret and secret headers stay where no new value is given."""
    agent = await _agent(ctx, data.id, locked=True)
    row = await _tool(ctx, agent, data.tool_id)
    refuse_change(row, data)
    made = Registered(row.source)
    if data.parameters is not None:
        _check_parameters(data.parameters)
        row.parameters = data.parameters
    if data.source is not None:
        made = await registered(ctx, agent.id, row.name, data.source)
        row.source = made.source
    row.description = data.description or row.description
    row.pre_tool_speech = data.pre_tool_speech or row.pre_tool_speech
    if "tool_sound" in data.model_fields_set:
        row.tool_sound = _json(data.tool_sound)
    if "simulation" in data.model_fields_set:
        row.simulation = _json(data.simulation)
    row.updated_at = ctx.now()
    await _store(ctx, agent, made, f"tool {row.name} changed")
    return render(row)


async def delete(ctx: Ctx, data: ToolRef) -> Deleted:
    """Remove a tool; versions that had it keep it."""
    agent = await _agent(ctx, data.id, locked=True)
    row = await _tool(ctx, agent, data.tool_id)
    refuse_removal(row)
    ctx.resource_id = row.id
    await ctx.db.delete(row)
    await record_version(ctx, agent, f"tool {row.name} removed")
    return Deleted(deleted=True)


async def _agent(ctx: Ctx, agent_id: str, *, locked: bool = False) -> Agent:
    agent = await (agents.get_locked if locked else agents.get)(ctx.db, agent_id)
    if agent is None:
        raise NotFound("not found", hint="List the agents to find an id.")
    return agent


async def _tool(ctx: Ctx, agent: Agent, tool_id: str) -> AgentToolRow:
    row = await repository.get(ctx.db, agent.id, tool_id)
    if row is None:
        raise NotFound("not found", hint="List the agent's tools to find an id.")
    return row


async def _check_room(ctx: Ctx, agent: Agent, name: str) -> None:
    rows = await repository.tools_of(ctx.db, agent.id)
    if any(row.name == name for row in rows):
        raise _name_taken()
    if len(rows) >= MAX_TOOLS:
        raise Conflict(f"An agent has at most {MAX_TOOLS} tools.", "TOOL_LIMIT", hint="Delete one first.")


def _name_taken() -> Conflict:
    return Conflict(
        "A tool with this name already exists for this agent",
        "TOOL_NAME_CONFLICT",
        hint="Choose another name, or change that tool.",
    )


def _check_parameters(parameters: JsonObject) -> None:
    problem = checks.schema_problem(parameters)
    if problem:
        raise InvalidInput(f"Invalid request: parameters: {problem}", fields=(FieldProblem("parameters", problem),))


async def _store(ctx: Ctx, agent: Agent, made: Registered, note: str) -> None:
    try:
        await ctx.db.flush()
    except IntegrityError:  # another request took the name between our look and our write
        raise _name_taken() from None
    await keep(ctx, agent.id, made.secrets)
    await record_version(ctx, agent, note)


def _json(value: BaseModel | None) -> JsonObject | None:
    return None if value is None else value.model_dump(mode="json", by_alias=True)
