"""The tables of agents. `config` holds the validated settings document; the name is a column because it is unique."""

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, OrganizationScoped, Timestamps
from speko_core.types import JsonObject


class Agent(Base, OrganizationScoped, Timestamps):
    """A persona. `version` is the number of its newest version, starting at 1."""

    __tablename__ = "agents"
    __table_args__ = (
        UniqueConstraint("organization_id", "name"),
        Index("ix_agents_page", "organization_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    config: Mapped[JsonObject] = mapped_column()
    version: Mapped[int] = mapped_column(Integer, default=1)


class AgentSecret(Base, OrganizationScoped, Timestamps):
    """A secret that the agent's settings name by reference, sealed.

    It stays when the setting that named it is removed: older versions, which may be deployed again, name it still.
    """

    __tablename__ = "agent_secrets"
    __table_args__ = (UniqueConstraint("agent_id", "ref"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("agents.id", ondelete="CASCADE"))
    ref: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
