"""Tables of sign-in for apps: clients, pending requests, codes, grants, tokens.

Codes and tokens are stored as keyed digests and can never be read back. A grant is one consent of one person, and at
the same time the family of every token that descends from it: revoking the grant ends them all.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, JsonColumn, OrganizationScoped
from speko_core.types import JsonObject

CLIENT_ID_LENGTH = 500
URL_LENGTH = 2000


class OAuthClient(Base):
    """An app that may ask people for access; public, without a secret. `document` is its metadata as registered."""

    __tablename__ = "oauth_clients"
    __table_args__ = (CheckConstraint("kind IN ('registered', 'document')", name="kind"),)

    id: Mapped[str] = mapped_column(String(CLIENT_ID_LENGTH), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200), default="")
    document: Mapped[JsonObject] = mapped_column(JsonColumn)
    # A digest of the address it registered from, to limit registrations; not the address.
    registered_from: Mapped[str] = mapped_column(String(64), default="", index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)


class OAuthRequest(Base):
    """An authorization request on its way through sign-in and consent; single use, minutes long."""

    __tablename__ = "oauth_requests"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(
        String(CLIENT_ID_LENGTH), ForeignKey("oauth_clients.id", ondelete="CASCADE"), index=True
    )
    redirect_uri: Mapped[str] = mapped_column(String(URL_LENGTH))
    redirect_uri_explicit: Mapped[bool] = mapped_column()
    state: Mapped[str | None] = mapped_column(String(URL_LENGTH), default=None)
    scopes: Mapped[list[str]] = mapped_column(JsonColumn)
    toolsets: Mapped[list[str] | None] = mapped_column(JsonColumn, default=None)
    code_challenge: Mapped[str] = mapped_column(String(128))
    resource: Mapped[str] = mapped_column(String(URL_LENGTH))
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class OAuthGrant(Base, OrganizationScoped):
    """What one person allowed one app to do in one organization."""

    __tablename__ = "oauth_grants"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[str] = mapped_column(
        String(CLIENT_ID_LENGTH), ForeignKey("oauth_clients.id", ondelete="CASCADE"), index=True
    )
    client_name: Mapped[str] = mapped_column(String(200))
    redirect_host: Mapped[str] = mapped_column(String(255))
    scopes: Mapped[list[str]] = mapped_column(JsonColumn)
    # Toolsets the app is limited to; null leaves the choice to the app.
    toolsets: Mapped[list[str] | None] = mapped_column(JsonColumn, default=None)
    resource: Mapped[str] = mapped_column(String(URL_LENGTH))
    created_at: Mapped[datetime] = mapped_column()
    last_used_at: Mapped[datetime] = mapped_column()
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class OAuthCode(Base):
    """An authorization code: single use, two minutes."""

    __tablename__ = "oauth_codes"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("oauth_grants.id", ondelete="CASCADE"), index=True
    )
    redirect_uri: Mapped[str] = mapped_column(String(URL_LENGTH))
    redirect_uri_explicit: Mapped[bool] = mapped_column()
    code_challenge: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class OAuthToken(Base):
    """An access or refresh token of a grant. A used refresh token keeps its sealed successor for a few seconds."""

    __tablename__ = "oauth_tokens"
    __table_args__ = (CheckConstraint("kind IN ('access', 'refresh')", name="kind"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    grant_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("oauth_grants.id", ondelete="CASCADE"), index=True
    )
    scopes: Mapped[list[str]] = mapped_column(JsonColumn)
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    successor: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
