"""Moving what is live: deployments and rollbacks, each a new line of an append-only history."""

from dataclasses import dataclass

from speko_core.agents.models import Agent
from speko_core.agents.render import render_content
from speko_core.context import Ctx
from speko_core.errors import Conflict, FieldProblem
from speko_core.ids import new_id
from speko_core.versions import rendering, repository
from speko_core.versions.models import AgentDeployment, AgentEnvironment, AgentVersionRow
from speko_core.versions.schemas import Action, Deploy, Moved, Problem, Rollback
from speko_core.versions.service import found_agent, found_version
from speko_core.versions.validation import problems

# How far back a rollback to a named version looks for the time it was live.
_REACH = 200


@dataclass(frozen=True)
class _Move:
    """A pointer that is about to move; `undo_id` is where a later rollback leads."""

    action: Action
    agent: Agent
    environment: str
    pointer: AgentEnvironment | None
    target: AgentVersionRow
    undo_id: str | None
    note: str


async def deploy(ctx: Ctx, data: Deploy) -> Moved:
    """Make a version live after validation; deploying what is live already moves nothing.

    Raises:
        NotFound: no such agent, or `VERSION_NOT_FOUND`.
        Conflict: `VERSION_NOT_DEPLOYABLE`, with one entry per problem.
    """
    agent = await found_agent(ctx, data.id, locked=True)
    target = await found_version(ctx, agent, data.version or agent.version)
    pointer = await repository.environment(ctx.db, agent.id, data.environment)
    undo_id = pointer.deployment_id if pointer else None
    move = _Move("deploy", agent, data.environment, pointer, target, undo_id, data.note)
    found = await problems(ctx, render_content(agent, target.content, target.number), target.content)
    if found and not data.dry_run:
        named = "; ".join(f"{problem.field} {problem.problem}" for problem in found)
        raise Conflict(f"Version {target.number} cannot be deployed: {named}", "VERSION_NOT_DEPLOYABLE", fields=found)
    return await _carry_out(ctx, move, data.dry_run, found)


async def rollback(ctx: Ctx, data: Rollback) -> Moved:
    """Put an environment back to what was live before, or to a version; never refused for what the version holds.

    Rolling back again goes further back, not to and fro.

    Raises:
        NotFound: no such agent, or `VERSION_NOT_FOUND`.
        Conflict: `NOTHING_TO_ROLL_BACK`.
    """
    agent = await found_agent(ctx, data.id, locked=True)
    pointer = await repository.environment(ctx.db, agent.id, data.environment)
    if pointer is None:
        raise _nothing(data.environment)
    move = await (_to_version(ctx, agent, pointer, data) if data.version else _one_back(ctx, agent, pointer, data))
    found = await problems(ctx, render_content(agent, move.target.content, move.target.number), move.target.content)
    return await _carry_out(ctx, move, data.dry_run, found)


async def _one_back(ctx: Ctx, agent: Agent, pointer: AgentEnvironment, data: Rollback) -> _Move:
    current = await repository.deployment(ctx.db, pointer.deployment_id)
    earlier = await repository.deployment(ctx.db, current.undo_id) if current and current.undo_id else None
    if earlier is None:
        raise _nothing(data.environment)
    target = await found_version(ctx, agent, earlier.version)
    return _Move("rollback", agent, data.environment, pointer, target, earlier.undo_id, data.note)


async def _to_version(ctx: Ctx, agent: Agent, pointer: AgentEnvironment, data: Rollback) -> _Move:
    assert data.version is not None
    target = await found_version(ctx, agent, data.version)
    earlier = await repository.deployment(ctx.db, pointer.deployment_id)
    for _ in range(_REACH):
        if earlier is None or earlier.version == target.number:
            break
        earlier = await repository.deployment(ctx.db, earlier.undo_id) if earlier.undo_id else None
    found = earlier is not None and earlier.version == target.number
    undo_id = earlier.undo_id if earlier and found else pointer.deployment_id
    return _Move("rollback", agent, data.environment, pointer, target, undo_id, data.note)


def _nothing(environment: str) -> Conflict:
    return Conflict(
        f"Nothing was live in {environment} before", "NOTHING_TO_ROLL_BACK", hint="Deploy a version instead."
    )


async def _carry_out(ctx: Ctx, move: _Move, dry_run: bool, found: list[FieldProblem]) -> Moved:
    before = move.pointer.version if move.pointer else None
    previous = await repository.numbered(ctx.db, move.agent.id, before) if before else None
    moves = not dry_run and before != move.target.number
    row = await _written(ctx, move, before) if moves else None
    ctx.resource_id = _audited(move, dry_run)
    return Moved(
        agent_id=move.agent.id,
        environment=move.environment,
        action=move.action,
        version=move.target.number,
        previous_version=before,
        deployment_id=row.id if row else None,
        dry_run=dry_run,
        changes=rendering.change_rows(previous.content if previous else {}, move.target.content),
        problems=[Problem(field=problem.field, problem=problem.problem) for problem in found],
    )


def _audited(move: _Move, dry_run: bool) -> str:
    """What the audit log names: the agent, and in few words what became of it."""
    return f"{move.agent.id} {'preview' if dry_run else move.environment[:30]} v{move.target.number}"


async def _written(ctx: Ctx, move: _Move, before: int | None) -> AgentDeployment:
    row = AgentDeployment(
        id=new_id("deployment"),
        organization_id=ctx.organization_id,
        agent_id=move.agent.id,
        environment=move.environment,
        action=move.action,
        version=move.target.number,
        from_version=before,
        undo_id=move.undo_id,
        author_kind=ctx.principal.kind,
        author_id=ctx.principal.id,
        note=move.note,
        created_at=ctx.now(),
    )
    ctx.db.add(row)
    _point(ctx, move, row)
    await ctx.db.flush()
    return row


def _point(ctx: Ctx, move: _Move, row: AgentDeployment) -> None:
    pointer = move.pointer or AgentEnvironment(
        id=new_id("environment"), organization_id=ctx.organization_id, agent_id=move.agent.id, name=move.environment
    )
    pointer.version, pointer.deployment_id, pointer.updated_at = row.version, row.id, ctx.now()
    ctx.db.add(pointer)
