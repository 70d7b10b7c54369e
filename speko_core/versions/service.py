"""Reading versions and environments."""

from speko_core.agents import repository as agents
from speko_core.agents.models import Agent
from speko_core.context import Ctx
from speko_core.errors import NotFound
from speko_core.versions import rendering, repository
from speko_core.versions.live import BUILT_IN
from speko_core.versions.models import AgentVersionRow
from speko_core.versions.schemas import (
    Environments,
    EnvironmentsQuery,
    VersionDetail,
    VersionPage,
    VersionQuery,
    VersionsQuery,
)

NEWEST = "newest"
HISTORY = 20


async def list_versions(ctx: Ctx, data: VersionsQuery) -> VersionPage:
    """One page, newest first."""
    agent = await found_agent(ctx, data.id)
    rows = await repository.before(ctx.db, agent.id, data.cursor, data.limit + 1)
    pointers = await repository.environments(ctx.db, agent.id)
    shown = rows[: data.limit]
    return VersionPage(
        entries=[rendering.entry(row, pointers) for row in shown],
        next_cursor=shown[-1].number if len(rows) > data.limit else None,
    )


async def get_version(ctx: Ctx, data: VersionQuery) -> VersionDetail:
    """One version with its difference to the one before, or to `against`.

    Raises:
        NotFound: no such agent here, or `VERSION_NOT_FOUND`.
    """
    agent = await found_agent(ctx, data.id)
    row = await _wanted(ctx, agent, data.number)
    if data.against is not None:
        base: AgentVersionRow | None = await found_version(ctx, agent, data.against)
    else:
        base = next(iter(await repository.before(ctx.db, agent.id, row.number, 1)), None)
    return rendering.detail(row, base, await repository.environments(ctx.db, agent.id))


async def list_environments(ctx: Ctx, data: EnvironmentsQuery) -> Environments:
    """What is live where, with the newest moves of each pointer."""
    agent = await found_agent(ctx, data.id)
    pointers = {pointer.name: pointer for pointer in await repository.environments(ctx.db, agent.id)}
    names = dict.fromkeys([*BUILT_IN, *pointers])
    rows = [
        rendering.environment(
            name, pointers.get(name), agent.version, await repository.history(ctx.db, agent.id, name, HISTORY)
        )
        for name in names
    ]
    return Environments(environments=rows)


async def found_agent(ctx: Ctx, agent_id: str, *, locked: bool = False) -> Agent:
    """The agent, when the caller's organization has it.

    Raises:
        NotFound: it does not.
    """
    agent = await (agents.get_locked if locked else agents.get)(ctx.db, agent_id)
    if agent is None:
        raise NotFound("not found", hint="List the agents to find an id.")
    return agent


async def found_version(ctx: Ctx, agent: Agent, number: int) -> AgentVersionRow:
    """One version of the agent.

    Raises:
        NotFound: `VERSION_NOT_FOUND`.
    """
    row = await repository.numbered(ctx.db, agent.id, number)
    if row is None:
        raise _no_version()
    return row


async def _wanted(ctx: Ctx, agent: Agent, number: str) -> AgentVersionRow:
    if number == NEWEST:
        row = await repository.newest(ctx.db, agent.id)
        if row is None:
            raise _no_version()
        return row
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise _no_version()
    return await found_version(ctx, agent, int(number))


def _no_version() -> NotFound:
    return NotFound("Version not found", "VERSION_NOT_FOUND", hint="List the agent's versions to find a number.")
