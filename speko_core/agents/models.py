"""The table of agents. `config` holds the validated settings document; the name is a column because it is unique."""

from sqlalchemy import Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, OrganizationScoped, Timestamps
from speko_core.types import JsonObject


class Agent(Base, OrganizationScoped, Timestamps):
    """A persona. `version` counts its changes, starting at 1."""

    __tablename__ = "agents"
    __table_args__ = (
        UniqueConstraint("organization_id", "name"),
        Index("ix_agents_page", "organization_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    config: Mapped[JsonObject] = mapped_column()
    version: Mapped[int] = mapped_column(Integer, default=1)
