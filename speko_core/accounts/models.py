"""Tables of accounts. Passwords are argon2id, bearer credentials keyed digests; nothing here can be read back."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, JsonColumn, OrganizationScoped, Timestamps


class Installation(Base):
    """One row: facts about this installation, such as which master key sealed its secrets."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    key_fingerprint: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column()


class Organization(Base, Timestamps):
    """A tenant. Everything else belongs to one. Retention is in days; null leaves it to the installation."""

    __tablename__ = "organizations"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    recording_enabled: Mapped[bool] = mapped_column(default=True)
    hipaa_mode: Mapped[bool] = mapped_column(default=False)
    retention_days: Mapped[int | None] = mapped_column(Integer, default=None)
    recording_retention_days: Mapped[int | None] = mapped_column(Integer, default=None)
    transcript_retention_days: Mapped[int | None] = mapped_column(Integer, default=None)


class User(Base, Timestamps):
    """A person. `password_hash` is null until they set one; `email_verified_at` until they prove to read its mail."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    password_hash: Mapped[str | None] = mapped_column(String(255), default=None)
    email_verified_at: Mapped[datetime | None] = mapped_column(default=None)


class Membership(Base, OrganizationScoped):
    """A user's role in an organization."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("organization_id", "user_id"),
        CheckConstraint("role IN ('owner', 'admin', 'member', 'viewer')", name="role"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column()


class ApiKey(Base, OrganizationScoped):
    """A bearer key, stored as a keyed digest; `display_prefix` is all that can ever be shown again."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    display_prefix: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(120))
    mode: Mapped[str] = mapped_column(String(8))
    scopes: Mapped[list[str]] = mapped_column(JsonColumn)
    # Toolsets an MCP client with this key is limited to; null leaves the choice to the client.
    toolsets: Mapped[list[str] | None] = mapped_column(JsonColumn, default=None)
    created_by: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)


class BrowserSession(Base):
    """A signed-in browser; the cookie's digest is the key, the acting organization a column."""

    __tablename__ = "browser_sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), index=True)
    acting_organization_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    csrf_secret: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    last_seen_at: Mapped[datetime] = mapped_column()


class SignInLink(Base):
    """A single-use sign-in or invitation link."""

    __tablename__ = "sign_in_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class SignInFailure(Base):
    """Failed password attempts per e-mail digest, for throttling across processes."""

    __tablename__ = "sign_in_failures"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    updated_at: Mapped[datetime] = mapped_column()


class AuditEntry(Base, OrganizationScoped):
    """Who did what to which resource, from where, when. Append-only (ORG-9)."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_page", "organization_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    operation: Mapped[str] = mapped_column(String(80))
    resource_id: Mapped[str] = mapped_column(String(80), default="")
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(80))
    door: Mapped[str] = mapped_column(String(8))
    client_ip: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime] = mapped_column()


class IdempotencyRecord(Base, OrganizationScoped):
    """The first answer to a request with an `Idempotency-Key`, replayed for 24 hours."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("organization_id", "operation", "key"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    operation: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(255))
    request_digest: Mapped[str] = mapped_column(String(64))
    # Sealed: an answer may hold a secret that is shown once, such as a new key.
    response: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    created_at: Mapped[datetime] = mapped_column()


class RoleLease(Base):
    """A live process of some role: how `/readyz` and the media relay know who is there."""

    __tablename__ = "role_leases"

    instance_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), index=True)
    address: Mapped[str] = mapped_column(String(255), default="")
    capacity: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[int] = mapped_column(Integer, default=0)
    ready: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime] = mapped_column()
    last_seen_at: Mapped[datetime] = mapped_column()


__all__ = [
    "ApiKey", "AuditEntry", "BrowserSession", "IdempotencyRecord", "Installation", "Membership", "Organization",
    "RoleLease", "SignInFailure", "SignInLink", "User",
]  # fmt: skip
