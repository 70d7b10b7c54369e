"""Agents as answers."""

from speko_core.agents.models import Agent
from speko_core.agents.schemas import AgentRow
from speko_core.types import JsonObject


def render(agent: Agent) -> AgentRow:
    """The wire form of an agent as it is now."""
    return render_content(agent, {**agent.config, "name": agent.name}, agent.version)


def render_content(agent: Agent, content: JsonObject, version: int) -> AgentRow:
    """The wire form of an agent as a version's content has it."""
    stored = dict(content)
    stored["extractionFields"] = stored.get("extractionFields") or []
    stored["promptVariables"] = stored.get("promptVariables") or []
    stored["firstMessageMode"] = stored.get("firstMessageMode") or ("say" if stored.get("firstMessage") else "wait")
    absent = {field.alias or name: None for name, field in AgentRow.model_fields.items()}
    columns = {
        "id": agent.id,
        "organizationId": agent.organization_id,
        "version": version,
        "createdAt": agent.created_at,
        "updatedAt": agent.updated_at,
    }
    return AgentRow.model_validate({**absent, **stored, **columns})
