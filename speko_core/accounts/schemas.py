"""Requests and answers about accounts."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import EmailStr, Field, StringConstraints

from speko_core.principal import Mode, Toolset
from speko_core.schemas import Input, Output, WireTime

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
RoleName = Literal["owner", "admin", "member", "viewer"]


class WhoAmI(Output):
    """The caller as the server sees it."""

    kind: str = Field(description="api_key, user or oauth.")
    id: str
    label: str
    user_id: str | None
    organization_id: str
    organization_name: str
    mode: Mode
    scopes: list[str]


class KeyCreate(Input):
    """A new API key."""

    name: Name
    mode: Mode = Field("live", description="`test` keys reach only the offline providers and are never billed.")
    scopes: list[str] | None = Field(None, description="Absent: every scope the creator holds.")
    read_only: bool = Field(False, description="Keeps only the scopes that end in `:read`.")
    toolsets: list[Toolset] | None = Field(None, min_length=1, description="All an MCP client with the key is offered.")
    expires_at: datetime | None = None


class KeyRef(Input):
    """Names one API key."""

    id: str = Field(max_length=80)


class KeyRow(Output):
    """An API key, without its value."""

    id: str
    name: str
    mode: Mode
    display_prefix: str
    scopes: list[str]
    toolsets: list[str] | None = Field(description="Toolsets an MCP client is limited to; null: not limited.")
    created_by: str | None
    created_at: WireTime
    expires_at: WireTime | None
    revoked_at: WireTime | None
    last_used_at: WireTime | None


class CreatedKey(KeyRow):
    """A new API key with its value, shown this once."""

    key: str


class KeyList(Output):
    """The organization's keys, newest first."""

    keys: list[KeyRow]


class MemberRow(Output):
    """A member of the organization."""

    user_id: str
    email: str
    name: str
    role: RoleName
    created_at: WireTime


class MemberList(Output):
    """Members, oldest first."""

    members: list[MemberRow]


class MemberInvite(Input):
    """Invite a person by e-mail."""

    email: EmailStr
    role: RoleName = "member"


class MemberRef(Input):
    """Names one member."""

    user_id: str = Field(max_length=80)


class MemberUpdate(MemberRef):
    """Another role for a member."""

    role: RoleName


class InvitationRef(Input):
    """Names one invitation."""

    id: str = Field(max_length=80)


class InvitationRow(Output):
    """An invitation nobody has answered yet, without its link."""

    id: str
    email: str
    role: RoleName
    created_at: WireTime
    expires_at: WireTime


class Invitation(InvitationRow):
    """A new invitation with the link for the invited person, shown this once."""

    url: str


class InvitationList(Output):
    """Open invitations, newest first."""

    invitations: list[InvitationRow]


class GrantRef(Input):
    """Names one connected app."""

    id: str = Field(max_length=80)


class GrantRow(Output):
    """An app that a person let in, and what it may do."""

    id: str
    client_id: str
    client_name: str = Field(description="What the app says its name is.")
    redirect_host: str = Field(description="Where people were sent back to when they let it in.")
    scopes: list[str]
    user_id: str
    email: str = Field(description="Who let it in.")
    created_at: WireTime
    last_used_at: WireTime = Field(description="When it last got a token, which it does every hour of use.")


class GrantList(Output):
    """Connected apps, the last used first."""

    apps: list[GrantRow]


class AuditQuery(Input):
    """A page of the audit log."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=200)
    operation: str | None = Field(None, max_length=80)


class AuditRow(Output):
    """One audited act."""

    id: str
    operation: str
    resource_id: str
    actor_kind: str
    actor_id: str
    door: str
    client_ip: str
    request_id: str
    created_at: WireTime


class AuditPage(Output):
    """Audited acts, newest first."""

    entries: list[AuditRow]
    next_cursor: str | None
