"""Tables of integrations: installations, connections on their way through a browser, and actions carried out."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, JsonColumn, OrganizationScoped, Timestamps
from speko_core.types import JsonObject

APP_LENGTH = 80
ACCOUNT_LENGTH = 255
DIGEST_LENGTH = 64


class Installation(Base, OrganizationScoped, Timestamps):
    """One account of one app, connected by one organization. Connecting the account again mends the same row.

    `sealed` holds the tokens, bound to the organization and the row; it is empty unless the status is `connected`.
    """

    __tablename__ = "integration_installations"
    __table_args__ = (
        UniqueConstraint("organization_id", "app_key", "account_id"),
        CheckConstraint("status IN ('connected', 'expired', 'revoked')", name="status"),
        Index("ix_integration_installations_page", "organization_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    app_key: Mapped[str] = mapped_column(String(APP_LENGTH))
    account_id: Mapped[str] = mapped_column(String(ACCOUNT_LENGTH))
    account_label: Mapped[str] = mapped_column(String(ACCOUNT_LENGTH))
    scopes: Mapped[list[str]] = mapped_column(JsonColumn)
    status: Mapped[str] = mapped_column(String(12))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    # Who holds the right to refresh the tokens, until then: a refresh token may be good for one use only.
    refreshing_until: Mapped[datetime | None] = mapped_column(default=None)
    connected_by: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    connected_at: Mapped[datetime] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class PendingConnection(Base, OrganizationScoped):
    """A connection that was asked for and waits for the browser to come back; single use, minutes long."""

    __tablename__ = "integration_pending"

    # Of the `state` the browser carries.
    digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH), primary_key=True)
    app_key: Mapped[str] = mapped_column(String(APP_LENGTH))
    user_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    # The PKCE verifier, sealed.
    verifier: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ActionRecord(Base, OrganizationScoped):
    """An action whose repetition the app itself would not recognize: the same key acts once."""

    __tablename__ = "integration_actions"
    __table_args__ = (
        UniqueConstraint("organization_id", "key"),
        CheckConstraint("status IN ('started', 'completed')", name="status"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    installation_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("integration_installations.id", ondelete="CASCADE"), index=True
    )
    key: Mapped[str] = mapped_column(String(DIGEST_LENGTH))
    status: Mapped[str] = mapped_column(String(12))
    result: Mapped[JsonObject | None] = mapped_column(JsonColumn, default=None)
    created_at: Mapped[datetime] = mapped_column(index=True)
