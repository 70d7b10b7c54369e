"""The table of phone numbers. Numbers are personal data: they are never logged."""

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, OrganizationScoped, Timestamps
from speko_core.types import JsonObject

NUMBER_LENGTH = 16
LABEL_LENGTH = 200
REFERENCE_LENGTH = 200
ADDRESS_LENGTH = 259


class PhoneNumber(Base, OrganizationScoped, Timestamps):
    """A number of one organization, in E.164 form, that a SIP trunk of its own carries."""

    __tablename__ = "phone_numbers"
    __table_args__ = (
        UniqueConstraint("organization_id", "e164"),
        Index("ix_phone_numbers_page", "organization_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    e164: Mapped[str] = mapped_column(String(NUMBER_LENGTH))
    direction: Mapped[str] = mapped_column(String(10))
    label: Mapped[str | None] = mapped_column(String(LABEL_LENGTH), default=None)
    # A deleted agent leaves the number behind, without an agent.
    agent_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("agents.id", ondelete="SET NULL"), index=True, default=None
    )
    dispatch_metadata_template: Mapped[JsonObject | None] = mapped_column(default=None)
    sip_connection_installation_id: Mapped[str | None] = mapped_column(String(REFERENCE_LENGTH), default=None)
    sip_trunk_id: Mapped[str | None] = mapped_column(String(REFERENCE_LENGTH), default=None)
    sip_provider_name: Mapped[str | None] = mapped_column(String(LABEL_LENGTH), default=None)
    sip_address: Mapped[str | None] = mapped_column(String(ADDRESS_LENGTH), default=None)
    # User name and password of the trunk, sealed for this organization and row; never in an answer.
    sealed_credentials: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
