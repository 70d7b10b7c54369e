"""What must hold of a `transfer_to_agent` tool: every agent it names is another one of the same organization."""

from collections.abc import Iterator

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.agents import repository as agents
from speko_core.errors import FieldProblem
from speko_core.tools.builtins import HandoverConfig
from speko_core.types import JsonObject

NAME = "transfer_to_agent"


async def handover_problems(db: AsyncSession, agent_id: str, config: JsonObject) -> tuple[FieldProblem, ...]:
    """Which agents of a valid configuration cannot be handed to. Another organization's is one that does not exist."""
    problems: list[FieldProblem] = []
    for at, linked in enumerate(HandoverConfig.model_validate(config).agents):
        where = f"source.config.agents[{at}].agentId"
        if linked.agent_id == agent_id:
            problems.append(FieldProblem(where, "must be another agent than the one that has the tool"))
        elif await agents.get(db, linked.agent_id) is None:
            problems.append(FieldProblem(where, "names no agent of this organization"))
    return tuple(problems)


def handovers(tools: JsonObject) -> Iterator[tuple[str, HandoverConfig]]:
    """The handover tools among an agent's tools, as a version or a plan keeps them: name and configuration."""
    for name, tool in tools.items():
        source = tool.get("source") if isinstance(tool, dict) else None
        if isinstance(source, dict) and source.get("name") == NAME and source.get("kind") == "builtin":
            yield name, HandoverConfig.model_validate(source.get("config") or {})


def linked_ids(tools: JsonObject) -> list[str]:
    """The agents that an agent's tools name, each once, in their order."""
    return list(dict.fromkeys(linked.agent_id for _, config in handovers(tools) for linked in config.agents))
