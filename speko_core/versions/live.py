"""Which version of an agent serves."""

from dataclasses import dataclass

from speko_core.agents.models import Agent
from speko_core.agents.render import render_content
from speko_core.agents.schemas import AgentRow
from speko_core.context import Ctx
from speko_core.errors import FieldProblem, InvalidInput, NotFound
from speko_core.types import JsonObject
from speko_core.versions import repository
from speko_core.versions.models import AgentVersionRow
from speko_core.versions.recording import record_version

PRODUCTION = "production"
STAGING = "staging"
DRAFT = "draft"
BUILT_IN = (PRODUCTION, STAGING)


@dataclass(frozen=True)
class Serving:
    """An agent as one of its versions has it."""

    version: AgentVersionRow
    environment: str
    agent: AgentRow

    @property
    def tools(self) -> dict[str, JsonObject]:
        """The version's tools by name."""
        stored = self.version.content.get("tools")
        return (
            {name: tool for name, tool in stored.items() if isinstance(tool, dict)} if isinstance(stored, dict) else {}
        )


async def serving(ctx: Ctx, agent: Agent, environment: str | None) -> Serving:
    """What serves in `environment` (default: production); the newest version while nothing was deployed there.

    `draft` is the newest version, whatever is deployed; only test callers may ask for it.

    Raises:
        InvalidInput: `draft` for a live caller.
        NotFound: an environment of the organization's own that nothing was deployed to.
    """
    name = environment or PRODUCTION
    if name == DRAFT and ctx.principal.mode != "test":
        problem = "draft is for test keys; deploy to an environment of your own instead"
        raise InvalidInput(f"environment: {problem}", fields=[FieldProblem("environment", problem)])
    pointer = None if name == DRAFT else await repository.environment(ctx.db, agent.id, name)
    version = await repository.numbered(ctx.db, agent.id, pointer.version) if pointer else None
    if version is None and name not in (*BUILT_IN, DRAFT):
        raise NotFound("Environment not found", "ENVIRONMENT_NOT_FOUND", hint="Deploy the agent to it first.")
    version = version or await repository.newest(ctx.db, agent.id) or await record_version(ctx, agent)
    return Serving(version, name, render_content(agent, version.content, version.number))
