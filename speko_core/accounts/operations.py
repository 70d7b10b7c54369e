"""Accounts as operations."""

from speko_core.accounts import schemas, service
from speko_core.accounts.people_operations import OPERATIONS as PEOPLE
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Nothing

KEY_NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No API key with this id exists in the authenticated organization.")

WHO_AM_I = Operation(
    id="account.whoami",
    summary="Who am I",
    description="The authenticated caller: organization, mode and scopes.",
    scope="account:read",
    effect="read",
    input=Nothing,
    output=schemas.WhoAmI,
    run=service.who_am_i,
    http=Http("GET", "/v1/whoami", tag="Account"),
    tool=ToolBinding(
        "whoami",
        "Who am I",
        "Use first to see which organization you act in, whether the key is live or test, and which scopes you hold.",
        toolset="account",
        next_steps=("list_agents to see the agents",),
    ),
)
KEYS_LIST = Operation(
    id="keys.list",
    summary="List API keys",
    scope="keys:read",
    effect="read",
    input=Nothing,
    output=schemas.KeyList,
    run=service.list_keys,
    http=Http("GET", "/v1/api-keys", tag="Account"),
    tool=ToolBinding(
        "list_api_keys",
        "List API keys",
        "Use to see which keys exist, what each may do, and when it was used last. Values are never shown again.",
        toolset="account",
        next_steps=("create_api_key for a new one", "revoke_api_key for one that leaked or is not needed"),
        listed=False,
    ),
)
KEYS_CREATE = Operation(
    id="keys.create",
    summary="Create an API key",
    description="The value is in this answer and cannot be read again.",
    scope="keys:write",
    effect="write",
    input=schemas.KeyCreate,
    output=schemas.CreatedKey,
    run=service.create_key,
    errors=(ErrorCase(403, "FORBIDDEN", "The key would hold more than its creator."),),
    http=Http("POST", "/v1/api-keys", 201, tag="Account"),
    tool=ToolBinding(
        "create_api_key",
        "Create API key",
        "Use when the person asks for a key, for a server or another client. Takes a name; scopes, toolsets and "
        "readOnly narrow it. Returns the value once: hand it over, and do not write it into a file that is "
        "committed.",
        toolset="account",
        next_steps=(
            "tell the person to keep the key in the environment as SPEKO_API_KEY",
            "list_api_keys to see it without its value",
        ),
        listed=False,
    ),
)
KEYS_REVOKE = Operation(
    id="keys.revoke",
    summary="Revoke an API key",
    scope="keys:write",
    effect="destroy",
    input=schemas.KeyRef,
    output=schemas.KeyRow,
    run=service.revoke_key,
    errors=(KEY_NOT_FOUND,),
    http=Http("DELETE", "/v1/api-keys/{id}", tag="Account"),
    tool=ToolBinding(
        "revoke_api_key",
        "Revoke API key",
        "Use when a key leaked or is not needed any more; whatever uses it stops working at once. Takes an id from "
        "list_api_keys.",
        toolset="account",
        next_steps=("list_api_keys to see what is left",),
        idempotent=True,
        listed=False,
    ),
)
AUDIT_LIST = Operation(
    id="audit.list",
    summary="Read the audit log",
    description="Who did what to which resource, from where, when; newest first.",
    scope="audit:read",
    effect="read",
    input=schemas.AuditQuery,
    output=schemas.AuditPage,
    run=service.list_audit,
    http=Http("GET", "/v1/audit-log", tag="Account"),
    tool=ToolBinding(
        "list_audit_log",
        "List audit log",
        "Use to find out who did what to which resource, when, and through which door; newest first. Filter by "
        "operation, such as agents.update; pass nextCursor as cursor for older entries.",
        toolset="account",
        next_steps=("list_api_keys to see which key an actorId is",),
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (
    WHO_AM_I, KEYS_LIST, KEYS_CREATE, KEYS_REVOKE, AUDIT_LIST, *PEOPLE,
)  # fmt: skip
