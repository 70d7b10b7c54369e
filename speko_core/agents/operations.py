"""Agents as operations."""

from speko_core.agents import schemas, service
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Deleted

NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No agent with this id exists in the authenticated organization.")
NAME_TAKEN = ErrorCase(409, "AGENT_NAME_CONFLICT", "Another agent in the same organization already uses this name.")
LAST_AGENT = ErrorCase(409, "LAST_AGENT", "The organization's only remaining agent cannot be deleted.")
SOUNDS = ErrorCase(422, "VALIDATION_ERROR", "A background sound has both or neither of `clip` and `soundId`.")

LIST = Operation(
    id="agents.list",
    summary="List agents",
    description="Every agent of the organization, oldest first.",
    scope="agents:read",
    effect="read",
    input=schemas.AgentList,
    output=list[schemas.AgentRow],
    run=service.list_agents,
    http=Http("GET", "/v1/agents", tag="Agents"),
    tool=ToolBinding(
        "list_agents",
        "List agents",
        "Use first to find agent ids. Returns every agent of the organization with its prompt, language and voice.",
        toolset="agents",
        items_as="agents",
        next_steps=("get_agent for one agent", "create_session to talk to one"),
    ),
)
GET = Operation(
    id="agents.get",
    summary="Get an agent",
    scope="agents:read",
    effect="read",
    input=schemas.AgentRef,
    output=schemas.AgentRow,
    run=service.get,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/agents/{id}", tag="Agents"),
    tool=ToolBinding(
        "get_agent",
        "Get agent",
        "Use to read one agent in full before changing it. Takes an id from list_agents.",
        toolset="agents",
        next_steps=("update_agent to change it", "create_session to talk to it"),
    ),
)
CREATE = Operation(
    id="agents.create",
    summary="Create an agent",
    description="Persists a reusable voice persona, keyed by `name` within the organization.",
    scope="agents:write",
    effect="write",
    input=schemas.AgentCreate,
    output=schemas.AgentRow,
    run=service.create,
    errors=(NAME_TAKEN, SOUNDS),
    http=Http("POST", "/v1/agents", 201, tag="Agents"),
    tool=ToolBinding(
        "create_agent",
        "Create agent",
        "Use to build a new voice agent. Needs name, systemPrompt and intent.language (such as en-US); the router "
        "picks providers unless stackPreferences says otherwise. Returns the agent with its id.",
        toolset="agents",
        next_steps=("create_session with the id to talk to it", "update_agent to refine the prompt"),
    ),
)
UPDATE = Operation(
    id="agents.update",
    summary="Update an agent",
    description="Partial update: absent fields stay, null clears.",
    scope="agents:write",
    effect="write",
    input=schemas.AgentUpdate,
    output=schemas.AgentRow,
    run=service.update,
    errors=(NOT_FOUND, NAME_TAKEN, SOUNDS),
    http=Http("PATCH", "/v1/agents/{id}", tag="Agents"),
    tool=ToolBinding(
        "update_agent",
        "Update agent",
        "Use to change an agent. Send id (from list_agents) and only the fields to change; null clears a field. "
        "Running sessions keep the version they started with.",
        toolset="agents",
        next_steps=("create_session to try the change",),
        idempotent=True,
    ),
)
DELETE = Operation(
    id="agents.delete",
    summary="Delete an agent",
    description="Removes the agent and its tools. The organization's only remaining agent cannot be deleted.",
    scope="agents:write",
    effect="destroy",
    input=schemas.AgentRef,
    output=Deleted,
    run=service.delete,
    errors=(NOT_FOUND, LAST_AGENT),
    http=Http("DELETE", "/v1/agents/{id}", tag="Agents"),
    tool=ToolBinding(
        "delete_agent",
        "Delete agent",
        "Use only when the person asked to delete this agent; it cannot be undone. Past sessions stay readable.",
        toolset="agents",
        next_steps=("list_agents to see what is left",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, GET, CREATE, UPDATE, DELETE)
