"""Handing the conversation to another agent: whether that can be, and what the agent is told."""

from collections.abc import Mapping

from speko_core.agents import repository as agents
from speko_core.deps import Deps
from speko_core.handover import Handover
from speko_core.prompting import prompt
from speko_core.toolrun.outcome import Outcome, failed
from speko_core.tools.builtins import HandoverConfig, LinkedAgent, agent_name
from speko_core.types import JsonObject

MAX_SUMMARY_CHARS = 2_000


async def hand_over(
    deps: Deps, organization_id: str, linked: Mapping[str, str] | None, config: JsonObject, arguments: JsonObject
) -> Outcome:
    """Ask whoever conducts the conversation to go on with the agent that the model named.

    `linked` are the agents of the session's plan, name by id; None outside sessions, where the agents of now count.
    """
    offered = HandoverConfig.model_validate(config).agents
    wanted = str(arguments.get("agent") or "")
    chosen = next((one for one in offered if wanted in (agent_name(one), one.agent_id)), None)
    if chosen is None:
        return failed(f"There is no such agent. Choose one of: {', '.join(map(agent_name, offered))}.")
    name = await _name(deps, organization_id, linked, chosen)
    if name is None:
        return failed(
            f"{agent_name(chosen)} cannot take the conversation: there is no such agent here. Go on yourself."
        )
    summary = str(arguments.get("summary") or "").strip()[:MAX_SUMMARY_CHARS]
    handover = Handover(chosen.agent_id, name, _note(summary), chosen.message or "", chosen.context_messages)
    return Outcome(f"{name} goes on with the conversation.", action=handover.action())


async def _name(deps: Deps, organization_id: str, linked: Mapping[str, str] | None, chosen: LinkedAgent) -> str | None:
    if linked is not None:
        return linked.get(chosen.agent_id)
    async with deps.database.transaction(organization_id, read_only=True) as db:
        agent = await agents.get(db, chosen.agent_id)
        return None if agent is None else agent.name


def _note(summary: str) -> str:
    told = prompt("handover")
    return f"{told}\n\nWhat the agent before you says of the conversation: {summary}" if summary else told
