"""The table of numbers that must not be dialled. Numbers are personal data: they are never logged."""

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, OrganizationScoped, Timestamps

NUMBER_LENGTH = 16
NOTE_LENGTH = 500


class DoNotCallEntry(Base, OrganizationScoped, Timestamps):
    """One number of one organization, in E.164 form."""

    __tablename__ = "do_not_call_entries"
    __table_args__ = (
        UniqueConstraint("organization_id", "number"),
        Index("ix_do_not_call_entries_page", "organization_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    number: Mapped[str] = mapped_column(String(NUMBER_LENGTH))
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH), default=None)
