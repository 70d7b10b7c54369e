"""MCP servers of agents as operations."""

from speko_core.mcp_servers import adding, changing, refreshing, schemas, service
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Deleted

READ, WRITE, TAG = "agents:read", "agents:write", "Agent MCP servers"
NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No agent with this id exists in the authenticated organization, or no server.")
FAILED = ErrorCase(409, "MCP_SERVER_FAILED", "The server could not be asked for its tools; nothing was changed.")
NAME_TAKEN = ErrorCase(409, "MCP_SERVER_NAME_CONFLICT", "Another MCP server of the agent has this name.")
TOOL_TAKEN = ErrorCase(409, "TOOL_NAME_CONFLICT", "The agent has a tool of that name, or no room for more.")
LIMIT = ErrorCase(409, "MCP_SERVER_LIMIT", "The agent has as many MCP servers as an agent may have.")

LIST = Operation(
    id="mcp_servers.list",
    summary="List an agent's MCP servers",
    description="Oldest first, each with its tools as they were when it was last asked.",
    scope=READ,
    effect="read",
    input=schemas.McpServerList,
    output=list[schemas.McpServer],
    run=service.list_servers,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/agents/{id}/mcp-servers", tag=TAG),
    tool=ToolBinding(
        "list_mcp_servers",
        "List MCP servers",
        "Use to see which MCP servers give an agent tools. Takes an agent id from list_agents; returns the servers "
        "with their ids and tools: the name of each for the agent, or why the agent does not have it.",
        toolset="tools",
        items_as="servers",
        next_steps=("refresh_mcp_server when a server has changed", "update_mcp_server to choose other tools"),
        untrusted=True,
        listed=False,
    ),
)
GET = Operation(
    id="mcp_servers.get",
    summary="Get an MCP server of an agent",
    scope=READ,
    effect="read",
    input=schemas.McpServerRef,
    output=schemas.McpServer,
    run=service.get,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/agents/{id}/mcp-servers/{serverId}", tag=TAG),
    tool=ToolBinding(
        "get_mcp_server",
        "Get MCP server",
        "Use to read one MCP server of an agent. Takes the agent's id and a serverId from list_mcp_servers.",
        toolset="tools",
        next_steps=("refresh_mcp_server when the server has changed",),
        untrusted=True,
        listed=False,
    ),
)
CREATE = Operation(
    id="mcp_servers.create",
    summary="Add an MCP server to an agent",
    description="Asks the server for its tools and gives them, or those in `tools`, to the agent. Values of "
    "`bearerToken` and `authHeaders` are stored sealed and never shown again; the URL must be public and https.",
    scope=WRITE,
    effect="write",
    input=schemas.McpServerCreate,
    output=schemas.McpServer,
    run=adding.check,
    conclude=adding.create,
    errors=(NOT_FOUND, FAILED, NAME_TAKEN, TOOL_TAKEN, LIMIT),
    http=Http("POST", "/v1/agents/{id}/mcp-servers", 201, tag=TAG),
    tool=ToolBinding(
        "create_mcp_server",
        "Create MCP server",
        "Use to give an agent the tools of a remote MCP server. Needs the agent's id, a name, the https url of its "
        "Streamable HTTP endpoint, a bearerToken where it wants one, and in tools the server's names of those the "
        "agent shall have (all by default). Returns the tools with the names the model calls them by.",
        toolset="tools",
        next_steps=("create_session to try it", "update_agent_tool to describe a tool for this agent"),
        open_world=True,
        untrusted=True,
        listed=False,
    ),
)
UPDATE = Operation(
    id="mcp_servers.update",
    summary="Change an MCP server of an agent",
    description="Partial update: absent fields stay; `prefix` cannot be changed. Where `url` or headers change, the "
    "server is asked again for its tools. A URL of another host needs the secret values again.",
    scope=WRITE,
    effect="write",
    input=schemas.McpServerUpdate,
    output=schemas.McpServer,
    run=changing.check,
    conclude=changing.update,
    errors=(NOT_FOUND, FAILED, NAME_TAKEN, TOOL_TAKEN),
    http=Http("PATCH", "/v1/agents/{id}/mcp-servers/{serverId}", tag=TAG),
    tool=ToolBinding(
        "update_mcp_server",
        "Update MCP server",
        "Use to choose other tools of an agent's MCP server, or to change its url or credentials. Send the agent's id, "
        "the serverId from list_mcp_servers, and only the fields to change; tools null means all of them.",
        toolset="tools",
        next_steps=("create_session to try the change",),
        idempotent=True,
        open_world=True,
        untrusted=True,
        listed=False,
    ),
)
REFRESH = Operation(
    id="mcp_servers.refresh",
    summary="Refresh an MCP server of an agent",
    description="Asks the server again for its tools. New ones are added where all were chosen, changed ones are "
    "changed, removed ones are removed, as one version of the agent. With `dryRun` it only says so.",
    scope=WRITE,
    effect="write",
    input=schemas.McpServerRefresh,
    output=schemas.McpServerRefreshed,
    run=refreshing.check,
    conclude=refreshing.refresh,
    errors=(NOT_FOUND, FAILED),
    http=Http("POST", "/v1/agents/{id}/mcp-servers/{serverId}/refresh", tag=TAG),
    tool=ToolBinding(
        "refresh_mcp_server",
        "Refresh MCP server",
        "Use when the tools of an agent's MCP server have changed. Takes the agent's id and a serverId from "
        "list_mcp_servers; dryRun true first shows what would change.",
        toolset="tools",
        next_steps=("list_agent_versions to see what changed", "deploy_agent to put it live"),
        idempotent=True,
        open_world=True,
        untrusted=True,
        listed=False,
    ),
)
DELETE = Operation(
    id="mcp_servers.delete",
    summary="Remove an MCP server from an agent",
    description="Removes its tools from the agent too. Earlier versions still name them; calling them fails.",
    scope=WRITE,
    effect="destroy",
    input=schemas.McpServerRef,
    output=Deleted,
    run=service.delete,
    errors=(NOT_FOUND,),
    http=Http("DELETE", "/v1/agents/{id}/mcp-servers/{serverId}", tag=TAG),
    tool=ToolBinding(
        "delete_mcp_server",
        "Delete MCP server",
        "Use only when the person asked to remove this MCP server. Its tools stop working, in earlier versions too.",
        toolset="tools",
        next_steps=("list_agent_tools to see what is left",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, GET, CREATE, UPDATE, REFRESH, DELETE)
