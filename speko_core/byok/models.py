"""The table of organizations' provider keys."""

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, OrganizationScoped, Timestamps


class ProviderKey(Base, OrganizationScoped, Timestamps):
    """One vendor's key. A new key is a new row: its id names the credential wherever its health is kept."""

    __tablename__ = "provider_keys"
    __table_args__ = (UniqueConstraint("organization_id", "provider"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    provider: Mapped[str] = mapped_column(String(80))
    # Sealed for this organization and row; never selected into anything that is shown.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
