"""A tool as the wire shows it, and as a version of its agent keeps it."""

from speko_core.tools.models import AgentToolRow
from speko_core.tools.schemas import AgentTool
from speko_core.types import JsonObject


def render(row: AgentToolRow) -> AgentTool:
    """The wire form of a stored tool."""
    return AgentTool.model_validate(
        {
            "id": row.id,
            "agentId": row.agent_id,
            **definition(row),
            "source": _shown(row),
            "name": row.name,
            "createdAt": row.created_at,
            "updatedAt": row.updated_at,
        }
    )


def definition(row: AgentToolRow) -> JsonObject:
    """What a version keeps of a tool, under its name: everything the model and the runner need but the secrets."""
    return {
        "description": row.description,
        "parameters": row.parameters,
        "source": row.source,
        "preToolSpeech": row.pre_tool_speech,
        "toolSound": row.tool_sound,
        "simulation": row.simulation,
    }


def _shown(row: AgentToolRow) -> JsonObject:
    """A row can be sent to `/v1/complete` as it stands, so a search names the agent whose knowledge it means."""
    source = row.source
    if source.get("kind") != "builtin" or source.get("name") != "search_knowledge_base":
        return source
    config = source.get("config")
    return {**source, "config": {**(config if isinstance(config, dict) else {}), "agentId": row.agent_id}}
