"""Accounts as operations."""

from speko_core.accounts import schemas, service
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
)
MEMBERS_LIST = Operation(
    id="members.list",
    summary="List members",
    scope="account:read",
    effect="read",
    input=Nothing,
    output=schemas.MemberList,
    run=service.list_members,
    http=Http("GET", "/v1/members", tag="Account"),
)
MEMBERS_INVITE = Operation(
    id="members.invite",
    summary="Invite a member",
    description="Returns a single-use sign-in link to pass on; it is shown this once.",
    scope="account:write",
    effect="write",
    input=schemas.MemberInvite,
    output=schemas.Invitation,
    run=service.invite_member,
    errors=(
        ErrorCase(403, "FORBIDDEN", "The role may do more than the inviter may."),
        ErrorCase(409, "ALREADY_A_MEMBER", "The person is already a member."),
    ),
    http=Http("POST", "/v1/members", 201, tag="Account"),
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
)

OPERATIONS: tuple[AnyOperation, ...] = (
    WHO_AM_I, KEYS_LIST, KEYS_CREATE, KEYS_REVOKE, MEMBERS_LIST, MEMBERS_INVITE,
    AUDIT_LIST,
)  # fmt: skip
