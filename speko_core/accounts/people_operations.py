"""Members, invitations and the apps that people let in, as operations."""

from speko_core.accounts import grants, invitations, members, schemas
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Nothing

TAG = "Account"
MEMBER_NOT_FOUND = ErrorCase(404, "NOT_FOUND", "Nobody of this id is a member of the authenticated organization.")
INVITATION_NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No open invitation of this id.")
APP_NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No connected app of this id that the caller may see.")
OWNERS_ONLY = ErrorCase(403, "FORBIDDEN", "The role is an owner's, and the caller is none.")
LAST_OWNER = ErrorCase(409, "LAST_OWNER", "The organization would be without an owner.")

MEMBERS_LIST = Operation(
    id="members.list",
    summary="List members",
    scope="account:read",
    effect="read",
    input=Nothing,
    output=schemas.MemberList,
    run=members.list_members,
    http=Http("GET", "/v1/members", tag=TAG),
    tool=ToolBinding(
        "list_members",
        "List members",
        "Use to see who belongs to the organization, and with which role.",
        toolset="account",
        next_steps=("invite_member to let somebody in", "update_member to change a role"),
        listed=False,
    ),
)
MEMBERS_INVITE = Operation(
    id="members.invite",
    summary="Invite a member",
    description="Returns a link for the invited person; it is shown this once. It joins, and signs nobody in.",
    scope="account:write",
    effect="write",
    input=schemas.MemberInvite,
    output=schemas.Invitation,
    run=invitations.invite,
    errors=(
        ErrorCase(403, "FORBIDDEN", "The role may do more than the inviter may."),
        ErrorCase(409, "ALREADY_A_MEMBER", "The person is already a member."),
    ),
    http=Http("POST", "/v1/members", 201, tag=TAG),
    tool=ToolBinding(
        "invite_member",
        "Invite member",
        "Use when the person asks to let somebody into the organization. Takes an e-mail address and a role. Returns "
        "a link that works once, for seven days: give it to the invited person.",
        toolset="account",
        next_steps=("give the url to the person, who passes it on", "list_invitations to see who has not answered"),
        listed=False,
    ),
)
MEMBERS_UPDATE = Operation(
    id="members.update",
    summary="Change a member's role",
    description="What the member and the apps they let in may do changes at once.",
    scope="account:write",
    effect="write",
    input=schemas.MemberUpdate,
    output=schemas.MemberRow,
    run=members.update,
    errors=(MEMBER_NOT_FOUND, OWNERS_ONLY, LAST_OWNER),
    http=Http("PATCH", "/v1/members/{userId}", tag=TAG),
    tool=ToolBinding(
        "update_member",
        "Update member",
        "Use only when the person asked to change what a member may do: owner, admin, member or viewer.",
        toolset="account",
        next_steps=("list_members to see everybody",),
        idempotent=True,
        listed=False,
    ),
)
MEMBERS_REMOVE = Operation(
    id="members.remove",
    summary="Remove a member",
    description="Their browsers and the apps they let in lose access at once. API keys they made stay.",
    scope="account:write",
    effect="destroy",
    input=schemas.MemberRef,
    output=type(None),
    run=members.remove,
    errors=(MEMBER_NOT_FOUND, OWNERS_ONLY, LAST_OWNER),
    http=Http("DELETE", "/v1/members/{userId}", 204, tag=TAG),
    tool=ToolBinding(
        "remove_member",
        "Remove member",
        "Use only when the person asked to take somebody out of the organization. API keys the member made stay: offer "
        "to revoke them.",
        toolset="account",
        next_steps=("list_members to see who is left", "list_api_keys to find keys the member made"),
        listed=False,
    ),
)
INVITATIONS_LIST = Operation(
    id="invitations.list",
    summary="List open invitations",
    scope="account:read",
    effect="read",
    input=Nothing,
    output=schemas.InvitationList,
    run=invitations.list_open,
    http=Http("GET", "/v1/invitations", tag=TAG),
    tool=ToolBinding(
        "list_invitations",
        "List invitations",
        "Use to see who was invited and has not joined yet.",
        toolset="account",
        next_steps=("revoke_invitation to take one back", "invite_member to send a new link"),
        listed=False,
    ),
)
INVITATIONS_REVOKE = Operation(
    id="invitations.revoke",
    summary="Revoke an invitation",
    description="Its link stops working.",
    scope="account:write",
    effect="destroy",
    input=schemas.InvitationRef,
    output=type(None),
    run=invitations.revoke,
    errors=(INVITATION_NOT_FOUND,),
    http=Http("DELETE", "/v1/invitations/{id}", 204, tag=TAG),
    tool=ToolBinding(
        "revoke_invitation",
        "Revoke invitation",
        "Use when somebody was invited by mistake. Takes an id from list_invitations.",
        toolset="account",
        next_steps=("list_invitations to see what is left",),
        listed=False,
    ),
)
APPS_LIST = Operation(
    id="connected_apps.list",
    summary="List connected apps",
    description="Apps that act for people by OAuth: your own, and everybody's with `account:write`.",
    scope="account:read",
    effect="read",
    input=Nothing,
    output=schemas.GrantList,
    run=grants.list_grants,
    http=Http("GET", "/v1/connected-apps", tag=TAG),
    tool=ToolBinding(
        "list_connected_apps",
        "List connected apps",
        "Use to see which apps, coding agents among them, were let in by OAuth, what each may do, and when.",
        toolset="account",
        next_steps=("revoke_connected_app for one that is not known or not needed",),
        listed=False,
    ),
)
APPS_REVOKE = Operation(
    id="connected_apps.revoke",
    summary="Revoke a connected app",
    description="Every token of the app's grant is refused at once. Other people's apps need `account:write`.",
    scope="account:read",
    effect="destroy",
    input=schemas.GrantRef,
    output=type(None),
    run=grants.revoke,
    errors=(APP_NOT_FOUND, ErrorCase(403, "FORBIDDEN", "The caller is a key or an app without `account:write`.")),
    http=Http("DELETE", "/v1/connected-apps/{id}", 204, tag=TAG),
    tool=ToolBinding(
        "revoke_connected_app",
        "Revoke connected app",
        "Use when the person no longer wants an app to act for them. Takes an id from list_connected_apps. The app has "
        "to ask again to come back.",
        toolset="account",
        next_steps=("list_connected_apps to see what is left",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (
    MEMBERS_LIST, MEMBERS_INVITE, MEMBERS_UPDATE, MEMBERS_REMOVE, INVITATIONS_LIST, INVITATIONS_REVOKE, APPS_LIST,
    APPS_REVOKE,
)  # fmt: skip
