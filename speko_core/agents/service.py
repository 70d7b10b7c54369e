"""What can be done with agents."""

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError

from speko_core.agents import repository
from speko_core.agents.config import BackgroundAudio, Sound
from speko_core.agents.models import Agent
from speko_core.agents.render import render
from speko_core.agents.schemas import AgentCreate, AgentList, AgentRef, AgentRow, AgentUpdate
from speko_core.agents.webhooks import with_webhooks
from speko_core.context import Ctx
from speko_core.errors import Conflict, FieldProblem, NotFound, Unprocessable
from speko_core.ids import new_id
from speko_core.knowledge import repository as knowledge
from speko_core.knowledge.files import forget_agent
from speko_core.schemas import Deleted
from speko_core.types import JsonObject
from speko_core.versions.recording import record_version

# Webhooks are stored without their secrets, by `webhooks.py`.
_NOT_CONFIG = {"id", "name", "webhooks"}


async def list_agents(ctx: Ctx, data: AgentList) -> list[AgentRow]:
    """Every agent of the organization, oldest first."""
    return [render(agent) for agent in await repository.every(ctx.db)]


async def get(ctx: Ctx, data: AgentRef) -> AgentRow:
    """One agent."""
    return render(await _found(ctx, data.id))


async def create(ctx: Ctx, data: AgentCreate) -> AgentRow:
    """Create an agent with an empty knowledge base; its name must be free."""
    _check_sounds(data.background_audio)
    await _name_is_free(ctx, data.name)
    agent = Agent(
        id=new_id("agent"),
        organization_id=ctx.organization_id,
        name=data.name,
        config=_document(data.model_dump(mode="json", by_alias=True, exclude=_NOT_CONFIG)),
        version=1,
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )
    ctx.db.add(agent)
    await _flush(ctx)
    await knowledge.create_default(ctx.db, ctx.organization_id, agent.id, ctx.now())
    await _set_webhooks(ctx, agent, data)
    await record_version(ctx, agent)
    return render(agent)


async def update(ctx: Ctx, data: AgentUpdate) -> AgentRow:
    """Change the given fields only; null clears a field. A change of anything makes a version."""
    agent = await _found(ctx, data.id, locked=True)
    _check_sounds(data.background_audio)
    if data.name is not None and data.name != agent.name:
        await _name_is_free(ctx, data.name)
        agent.name = data.name
    given = data.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=_NOT_CONFIG)
    if data.extraction_fields is None:
        given.pop("extractionFields", None)  # here null leaves, only [] clears
    agent.config = _document({**agent.config, **given})
    await _flush(ctx)
    await _set_webhooks(ctx, agent, data)
    await record_version(ctx, agent)
    return render(agent)


async def delete(ctx: Ctx, data: AgentRef) -> Deleted:
    """Delete an agent with its tools, versions and knowledge; the last one stays."""
    agent = await _found(ctx, data.id)
    if await repository.count_locked(ctx.db) <= 1:
        raise Conflict(
            "Cannot delete the only agent in this organization", "LAST_AGENT", hint="Create another agent first."
        )
    ctx.resource_id = agent.id
    await forget_agent(ctx.deps, ctx.db, agent.id)
    await ctx.db.delete(agent)
    return Deleted(deleted=True)


async def _found(ctx: Ctx, agent_id: str, *, locked: bool = False) -> Agent:
    agent = await (repository.get_locked if locked else repository.get)(ctx.db, agent_id)
    if agent is None:
        raise NotFound("not found", hint="List the agents to find an id.")
    return agent


async def _set_webhooks(ctx: Ctx, agent: Agent, data: AgentCreate | AgentUpdate) -> None:
    if "webhooks" in data.model_fields_set:
        kept = await with_webhooks(ctx, agent.id, agent.config.get("webhooks"), data.webhooks)
        agent.config = _document({**agent.config, "webhooks": kept})


def _name_conflict() -> Conflict:
    return Conflict(
        "Agent with this name already exists", "AGENT_NAME_CONFLICT", hint="Choose another name or update that agent."
    )


async def _name_is_free(ctx: Ctx, name: str) -> None:
    if await repository.by_name(ctx.db, name) is not None:
        raise _name_conflict()


async def _flush(ctx: Ctx) -> None:
    try:
        await ctx.db.flush()
    except IntegrityError:  # another request took the name between our look and our write
        raise _name_conflict() from None


def _document(dumped: JsonObject) -> JsonObject:
    return {name: value for name, value in dumped.items() if value is not None}


def _check_sounds(audio: BackgroundAudio | None) -> None:
    sounds: Sequence[tuple[str, Sound | None]] = (
        [] if audio is None else [("ambient", audio.ambient), ("toolSound", audio.tool_sound)]
    )
    for name, sound in sounds:
        if sound is not None and (sound.clip is None) == (sound.sound_id is None):
            where = f"backgroundAudio.{name}"
            problem = FieldProblem(where, "needs exactly one of `clip` and `soundId`")
            raise Unprocessable(f"{where} needs exactly one of `clip` and `soundId`", fields=[problem])
