"""Migration as operations. All but `apply` store nothing; reading agents is scope enough for what calls nobody."""

from speko_core.migration import schemas, service
from speko_core.migration.apply import apply
from speko_core.migration.verify.schemas import MigrationVerified, MigrationVerify
from speko_core.migration.verify.service import admit, verify
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding

UNREADABLE = ErrorCase(400, "VALIDATION_ERROR", "A file is malformed, or nothing in it is a voice agent.")
TOO_LARGE = ErrorCase(413, "BODY_TOO_LARGE", "A file, or all of them, over the size limits.")

INSPECT = Operation(
    id="migration.inspect",
    summary="Inspect a workspace",
    description="Finds other platforms' voice agents in the given files and says what to migrate in which order.",
    scope="agents:read",
    effect="read",
    input=schemas.MigrationInspect,
    output=schemas.MigrationInspected,
    run=service.inspect,
    errors=(UNREADABLE, TOO_LARGE),
    http=Http("POST", "/v1/migration/inspect", tag="Migration"),
    tool=ToolBinding(
        "inspect_workspace",
        "Inspect workspace",
        "Use first when a project has voice agents of another platform (Vapi, Retell, ElevenLabs, LiveKit, Pipecat …). "
        "Send the files' paths and texts; the server reads no disk. Returns what was found and what to migrate first.",
        toolset="migrate",
        next_steps=("parse_external_config with the selected files",),
    ),
)
PARSE = Operation(
    id="migration.parse",
    summary="Parse an external configuration",
    description="Reads other platforms' agents into the neutral model and reports what became of every value.",
    scope="agents:read",
    effect="read",
    input=schemas.MigrationParse,
    output=schemas.MigrationParsed,
    run=service.parse,
    errors=(UNREADABLE, TOO_LARGE),
    http=Http("POST", "/v1/migration/parse", tag="Migration"),
    tool=ToolBinding(
        "parse_external_config",
        "Parse external config",
        "Use to understand an agent of another platform. Returns its neutral model and, for every value, whether it is "
        "mapped, approximated, unsupported or needs input. Credentials are removed and listed as keys to set.",
        toolset="migrate",
        untrusted=True,
        next_steps=("build_session_config with the same files or the neutral model",),
    ),
)
BUILD = Operation(
    id="migration.build",
    summary="Build a session configuration",
    description="Writes the requests that create the same agent, its tools and a session here.",
    scope="agents:read",
    effect="read",
    input=schemas.MigrationBuild,
    output=schemas.MigrationBuilt,
    run=service.build,
    errors=(UNREADABLE, TOO_LARGE),
    http=Http("POST", "/v1/migration/build", tag="Migration"),
    tool=ToolBinding(
        "build_session_config",
        "Build session config",
        "Use after parse_external_config, with files or the neutral model. Returns agent_create_payload, tools and "
        "session_config that the API accepts as they stand, with warnings, unmappable_tools and keys_to_set.",
        toolset="migrate",
        untrusted=True,
        next_steps=(
            "create_agent with the payload",
            "create_session with the session configuration and that id",
        ),
    ),
)

APPLY = Operation(
    id="migration.apply",
    summary="Apply a migration",
    description=(
        "Creates the agents and tools of a build in one transaction. Agents and tools of the same names are updated, "
        "so a second import never doubles anything; each change is a version."
    ),
    scope="agents:write",
    effect="write",
    input=schemas.MigrationApply,
    output=schemas.MigrationApplied,
    run=apply,
    errors=(UNREADABLE, TOO_LARGE),
    http=Http("POST", "/v1/migration/apply", tag="Migration"),
    tool=ToolBinding(
        "apply_migration",
        "Apply migration",
        "Use after build_session_config looks right. Creates the agents and their tools here, or updates those of the "
        "same names. Returns agent ids, what changed, warnings and keys to set.",
        toolset="migrate",
        idempotent=True,
        untrusted=True,
        listed=False,
        next_steps=("create_session with the entry agent's id and session_config",),
    ),
)

VERIFY = Operation(
    id="migration.verify",
    summary="Verify a migration",
    description=(
        "Writes scenarios from the source and tries them on what would be built from it: first message, variables, "
        "tools with example arguments, transfers, extraction fields, handoffs. The model is the offline one, and "
        "answers of tools are made up, except for tools named in `live`, whose servers are called."
    ),
    scope="agents:write",
    effect="write",
    input=MigrationVerify,
    output=MigrationVerified,
    run=admit,
    conclude=verify,
    errors=(UNREADABLE, TOO_LARGE),
    http=Http("POST", "/v1/migration/verify", tag="Migration"),
    tool=ToolBinding(
        "verify_migration",
        "Verify migration",
        "Use before or after apply_migration to see what behaves as the source did. Send the same files or neutral "
        "model. Returns checks with expected, seen and result; tools named in `live` are really called.",
        toolset="migrate",
        open_world=True,
        untrusted=True,
        listed=False,
        next_steps=("apply_migration when the checks match",),
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (INSPECT, PARSE, BUILD, APPLY, VERIFY)
