"""Tools that an MCP server gives: what they are is the server's, how the agent uses them is the agent's."""

from speko_core.errors import Conflict, FieldProblem, InvalidInput
from speko_core.ports.tool_servers import APP_KEY
from speko_core.tools.models import AgentToolRow
from speko_core.tools.schemas import ToolUpdate
from speko_core.tools.sources import IntegrationSource, Source


def refuse_source(source: Source) -> None:
    """Such a tool comes with its server, under a name made of the server's.

    Raises:
        InvalidInput: the source is a tool of an MCP server.
    """
    if isinstance(source, IntegrationSource) and source.app_key == APP_KEY:
        problem = "tools of MCP servers are chosen in the server's `tools`, at /v1/agents/{id}/mcp-servers"
        raise _invalid("source.appKey", problem)


def refuse_change(row: AgentToolRow, data: ToolUpdate) -> None:
    """Its source and parameters stay the server's. What is shown is accepted back.

    Raises:
        InvalidInput: with the field.
    """
    if not _is_owned(row):
        if data.source is not None:
            refuse_source(data.source)
        return
    if data.parameters is not None and data.parameters != row.parameters:
        raise _invalid("parameters", "come from the tool's MCP server; refresh the server where they have changed")
    if data.source is None:
        return
    kept = (row.source["installationId"], row.source["appKey"], row.source["actionKey"])
    given = data.source
    if not isinstance(given, IntegrationSource) or (given.installation_id, given.app_key, given.action_key) != kept:
        raise _invalid("source", "comes from the tool's MCP server and cannot be changed")


def refuse_removal(row: AgentToolRow) -> None:
    """The next refresh would bring it back.

    Raises:
        Conflict: `TOOL_OF_SERVER`.
    """
    if _is_owned(row):
        raise Conflict(
            "An MCP server gives this tool",
            "TOOL_OF_SERVER",
            hint="Leave it out of the server's `tools`, or delete the server.",
        )


def _is_owned(row: AgentToolRow) -> bool:
    return row.source.get("appKey") == APP_KEY


def _invalid(field: str, problem: str) -> InvalidInput:
    return InvalidInput(f"Invalid request: {field}: {problem}", fields=(FieldProblem(field, problem),))
