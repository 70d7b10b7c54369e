"""Tools of agents as operations."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Deleted
from speko_core.tools import schemas, service

AGENT_NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No such agent or tool in the authenticated organization.")
NAME_TAKEN = ErrorCase(409, "TOOL_NAME_CONFLICT", "The agent already has a tool with this name.")
LIMIT = ErrorCase(409, "TOOL_LIMIT", "The agent has as many tools as an agent may have.")
TAG = "Agent tools"

LIST = Operation(
    id="tools.list",
    summary="List an agent's tools",
    description="Oldest first. `available=1` leaves out actions of apps that are not connected now.",
    scope="agents:read",
    effect="read",
    input=schemas.ToolList,
    output=list[schemas.AgentTool],
    run=service.list_tools,
    errors=(AGENT_NOT_FOUND,),
    http=Http("GET", "/v1/agents/{id}/tools", tag=TAG),
    tool=ToolBinding(
        "list_agent_tools",
        "List agent tools",
        "Use to see what an agent can do in a call. Takes an agent id from list_agents; returns its tools with ids, "
        "parameters and where each runs.",
        toolset="tools",
        items_as="tools",
        next_steps=("create_agent_tool to add one", "update_agent_tool to change one"),
        listed=False,
    ),
)
GET = Operation(
    id="tools.get",
    summary="Get a tool of an agent",
    scope="agents:read",
    effect="read",
    input=schemas.ToolRef,
    output=schemas.AgentTool,
    run=service.get,
    errors=(AGENT_NOT_FOUND,),
    http=Http("GET", "/v1/agents/{id}/tools/{toolId}", tag=TAG),
    tool=ToolBinding(
        "get_agent_tool",
        "Get agent tool",
        "Use to read one tool in full before changing it. Takes the agent's id and a toolId from list_agent_tools.",
        toolset="tools",
        next_steps=("update_agent_tool to change it",),
        listed=False,
    ),
)
CREATE = Operation(
    id="tools.create",
    summary="Add a tool to an agent",
    description="The model calls it by `name`. A webhook's `secret` is stored sealed and never shown again; its URL "
    "must be public and https.",
    scope="agents:write",
    effect="write",
    input=schemas.ToolCreate,
    output=schemas.AgentTool,
    run=service.create,
    errors=(AGENT_NOT_FOUND, NAME_TAKEN, LIMIT),
    http=Http("POST", "/v1/agents/{id}/tools", 201, tag=TAG),
    tool=ToolBinding(
        "create_agent_tool",
        "Create agent tool",
        "Use to let an agent do something in a call. Needs the agent's id, a snake_case name, a description that says "
        "when to call it, a JSON Schema of parameters, and a source: webhook (your https endpoint), builtin "
        "(search_knowledge_base, end_call, transfer_call, transfer_to_agent), integration or inline.",
        toolset="tools",
        next_steps=("create_session to try it",),
        listed=False,
    ),
)
UPDATE = Operation(
    id="tools.update",
    summary="Change a tool of an agent",
    description="Partial update: absent fields stay; the name cannot be changed. A `source` replaces the whole "
    "source, except that a secret or secret header without a new value keeps the stored one.",
    scope="agents:write",
    effect="write",
    input=schemas.ToolUpdate,
    output=schemas.AgentTool,
    run=service.update,
    errors=(AGENT_NOT_FOUND,),
    http=Http("PATCH", "/v1/agents/{id}/tools/{toolId}", tag=TAG),
    tool=ToolBinding(
        "update_agent_tool",
        "Update agent tool",
        "Use to change a tool. Send the agent's id, the toolId from list_agent_tools, and only the fields to change. "
        "Running sessions keep the tools they started with.",
        toolset="tools",
        next_steps=("create_session to try the change",),
        idempotent=True,
        listed=False,
    ),
)
DELETE = Operation(
    id="tools.delete",
    summary="Remove a tool from an agent",
    scope="agents:write",
    effect="destroy",
    input=schemas.ToolRef,
    output=Deleted,
    run=service.delete,
    errors=(AGENT_NOT_FOUND,),
    http=Http("DELETE", "/v1/agents/{id}/tools/{toolId}", tag=TAG),
    tool=ToolBinding(
        "delete_agent_tool",
        "Delete agent tool",
        "Use only when the person asked to remove this tool. Earlier versions of the agent still have it.",
        toolset="tools",
        next_steps=("list_agent_tools to see what is left",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, GET, CREATE, UPDATE, DELETE)
