"""Versions, deployments and rollbacks as operations."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.versions import deploying, schemas, service

NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No agent with this id exists in the authenticated organization.")
NO_VERSION = ErrorCase(404, "VERSION_NOT_FOUND", "The agent has no version of this number.")
NOT_DEPLOYABLE = ErrorCase(409, "VERSION_NOT_DEPLOYABLE", "Something in the version would fail its sessions.")
NOTHING_BEFORE = ErrorCase(409, "NOTHING_TO_ROLL_BACK", "Nothing was live in the environment before.")
TAG = "Versions"

LIST = Operation(
    id="agents.versions",
    summary="List an agent's versions",
    description="Every change of an agent or its tools makes one; newest first.",
    scope="agents:read",
    effect="read",
    input=schemas.VersionsQuery,
    output=schemas.VersionPage,
    run=service.list_versions,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/agents/{id}/versions", tag=TAG),
    tool=ToolBinding(
        "list_agent_versions",
        "List agent versions",
        "Use to see who changed an agent when, and which version is live where. Takes an id from list_agents; newest "
        "first, pass nextCursor as cursor for older ones.",
        toolset="agents",
        next_steps=("get_agent_version to see what a version changed", "deploy_agent to make one live"),
        listed=False,
    ),
)
GET = Operation(
    id="agents.version",
    summary="Get a version",
    description="The whole content, with the difference to the version before it, or to `against`.",
    scope="agents:read",
    effect="read",
    input=schemas.VersionQuery,
    output=schemas.VersionDetail,
    run=service.get_version,
    errors=(NOT_FOUND, NO_VERSION),
    http=Http("GET", "/v1/agents/{id}/versions/{number}", tag=TAG),
    tool=ToolBinding(
        "get_agent_version",
        "Get agent version",
        "Use to read what a version holds and what it changed; against compares it with any other version. Takes id "
        "and number from list_agent_versions, or number `newest`.",
        toolset="agents",
        next_steps=("deploy_agent to make it live", "rollback_agent to go back to it"),
        listed=False,
    ),
)
ENVIRONMENTS = Operation(
    id="agents.environments",
    summary="List an agent's environments",
    description="What is live where, how far behind the newest version it is, and the newest moves.",
    scope="agents:read",
    effect="read",
    input=schemas.EnvironmentsQuery,
    output=schemas.Environments,
    run=service.list_environments,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/agents/{id}/environments", tag=TAG),
    tool=ToolBinding(
        "list_agent_environments",
        "List agent environments",
        "Use to see which version of an agent is live in production, staging and environments of your own.",
        toolset="agents",
        next_steps=("deploy_agent to move one forward", "rollback_agent to put one back"),
        listed=False,
    ),
)
DEPLOY = Operation(
    id="agents.deploy",
    summary="Deploy a version",
    description=(
        "Checks the version and makes it live in an environment. New sessions use it; running ones keep theirs. With "
        "`dryRun` the answer shows the difference and the problems, and nothing changes."
    ),
    scope="agents:write",
    effect="write",
    input=schemas.Deploy,
    output=schemas.Moved,
    run=deploying.deploy,
    errors=(NOT_FOUND, NO_VERSION, NOT_DEPLOYABLE),
    http=Http("POST", "/v1/agents/{id}/deploy", tag=TAG),
    tool=ToolBinding(
        "deploy_agent",
        "Deploy agent",
        "Use to make a version of an agent live (default: the newest, in production). Send dryRun true first and show "
        "the person the changes and problems; deploy when they agree.",
        toolset="agents",
        next_steps=("create_session to try it", "rollback_agent to undo it"),
        idempotent=True,
    ),
)
ROLLBACK = Operation(
    id="agents.rollback",
    summary="Roll back an environment",
    description=(
        "Puts an environment back to the version that was live before, or to `version`. A second rollback goes further "
        "back. With `dryRun` the answer shows the difference, and nothing changes."
    ),
    scope="agents:write",
    effect="write",
    input=schemas.Rollback,
    output=schemas.Moved,
    run=deploying.rollback,
    errors=(NOT_FOUND, NO_VERSION, NOTHING_BEFORE),
    http=Http("POST", "/v1/agents/{id}/rollback", tag=TAG),
    tool=ToolBinding(
        "rollback_agent",
        "Roll back agent",
        "Use when what is live misbehaves: puts production (or environment) back to the version before, or to version. "
        "dryRun true shows the changes only.",
        toolset="agents",
        next_steps=("list_agent_environments to see what is live", "deploy_agent to go forward again"),
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, GET, ENVIRONMENTS, DEPLOY, ROLLBACK)
