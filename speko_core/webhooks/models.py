"""Tables of webhooks: who listens, what is to be delivered, what was tried, and the secrets that sign it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, JsonColumn, OrganizationScoped, Timestamps
from speko_core.types import JsonObject, JsonValue

NAME_LENGTH = 200
# A workspace endpoint's id, or an agent's id with the name of one of its webhooks and its environment.
ENDPOINT_REF_LENGTH = 100


class SigningSecret(Base, OrganizationScoped):
    """One generation of the organization's signing secret. Several sign while one replaces another."""

    __tablename__ = "webhook_signing_secrets"
    __table_args__ = (UniqueConstraint("organization_id", "generation"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    generation: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column()
    # Null for the newest; the others sign until then.
    retires_at: Mapped[datetime | None] = mapped_column(default=None)


class WebhookEndpoint(Base, OrganizationScoped, Timestamps):
    """A URL of the organization that wants to hear of events. A deleted one stays, for its deliveries' sake."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("signing_secret_source IN ('workspace', 'custom')", name="signing_secret_source"),
        CheckConstraint("content_mode IN ('full', 'metadata_only')", name="content_mode"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(JsonColumn)
    all_agents: Mapped[bool] = mapped_column(default=True)
    agent_ids: Mapped[list[str]] = mapped_column(JsonColumn)
    filter_tags: Mapped[dict[str, str]] = mapped_column(JsonColumn)
    headers: Mapped[dict[str, str]] = mapped_column(JsonColumn)
    auth_header_names: Mapped[list[str]] = mapped_column(JsonColumn)
    # A JSON object of those names' values.
    sealed_auth_headers: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    timeout_ms: Mapped[int] = mapped_column(Integer)
    signing_secret_source: Mapped[str] = mapped_column(String(16))
    sealed_signing_secret: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    extraction_fields: Mapped[list[JsonValue]] = mapped_column(JsonColumn)
    content_mode: Mapped[str] = mapped_column(String(16))
    deleted_at: Mapped[datetime | None] = mapped_column(default=None)


class WebhookDelivery(Base, OrganizationScoped, Timestamps):
    """One event for one endpoint: the outbox row, written in the transaction of the event.

    Its id is the receiver's idempotency key. `due_at` is when the next attempt is due, or, while one is under way,
    when it counts as lost. `claims` names the attempt that is under way: an older one changes nothing.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint(
            "status IN ('pending', 'delivering', 'succeeded', 'failed', 'cancelled', 'expired')", name="status"
        ),
        Index("ix_webhook_deliveries_page", "organization_id", "created_at", "id"),
        Index("ix_webhook_deliveries_due", "status", "due_at"),
        Index("ix_webhook_deliveries_endpoint_due", "endpoint_id", "status", "due_at"),
        Index("ix_webhook_deliveries_order", "endpoint_id", "session_id", "sequence"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    event: Mapped[str] = mapped_column(String(40))
    endpoint_id: Mapped[str] = mapped_column(String(ENDPOINT_REF_LENGTH))
    endpoint_name: Mapped[str] = mapped_column(String(NAME_LENGTH + 40))
    session_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    agent_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    webhook_tags: Mapped[dict[str, str]] = mapped_column(JsonColumn)
    sequence: Mapped[int] = mapped_column(Integer)
    payload: Mapped[JsonObject] = mapped_column()
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    claims: Mapped[int] = mapped_column(Integer, default=0)
    http_status: Mapped[int | None] = mapped_column(Integer, default=None)
    error: Mapped[str | None] = mapped_column(String(200), default=None)
    occurred_at: Mapped[datetime] = mapped_column()
    due_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    delivered_at: Mapped[datetime | None] = mapped_column(default=None)


class WebhookAttempt(Base, OrganizationScoped):
    """One request of a delivery and what came back. The body sent is the delivery's payload."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (CheckConstraint("trigger IN ('automatic', 'manual')", name="trigger"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), index=True
    )
    attempt_number: Mapped[int] = mapped_column(Integer)
    trigger: Mapped[str] = mapped_column(String(16))
    request_url: Mapped[str] = mapped_column(Text)
    # Values of secret headers are left out.
    request_headers: Mapped[dict[str, str]] = mapped_column(JsonColumn)
    response_status: Mapped[int | None] = mapped_column(Integer, default=None)
    response_body: Mapped[str | None] = mapped_column(Text, default=None)
    response_truncated: Mapped[bool] = mapped_column(default=False)
    duration_ms: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(String(200), default=None)
    created_at: Mapped[datetime] = mapped_column()
