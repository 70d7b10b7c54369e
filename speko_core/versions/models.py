"""Tables of versions and of what is deployed where."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, OrganizationScoped
from speko_core.types import JsonObject

ENVIRONMENT_LENGTH = 40
NOTE_LENGTH = 500


class AgentVersionRow(Base, OrganizationScoped):
    """An agent with its tools as they were after one change; never changed afterwards.

    `sha` is the SHA-256 of the content's canonical JSON: a change that changes nothing makes no version.
    """

    __tablename__ = "agent_versions"
    __table_args__ = (UniqueConstraint("agent_id", "number"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("agents.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    content: Mapped[JsonObject] = mapped_column()
    sha: Mapped[str] = mapped_column(String(64))
    author_kind: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(NOTE_LENGTH), default="")
    created_at: Mapped[datetime] = mapped_column()


class AgentEnvironment(Base, OrganizationScoped):
    """Which version of an agent an environment serves: the outcome of its newest deployment."""

    __tablename__ = "agent_environments"
    __table_args__ = (UniqueConstraint("agent_id", "name"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("agents.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(ENVIRONMENT_LENGTH))
    version: Mapped[int] = mapped_column(Integer)
    deployment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    updated_at: Mapped[datetime] = mapped_column()


class AgentDeployment(Base, OrganizationScoped):
    """One move of an environment's pointer; append-only.

    `undo_id` is the deployment whose version a rollback from here restores; null where there is none.
    """

    __tablename__ = "agent_deployments"
    __table_args__ = (
        CheckConstraint("action IN ('deploy', 'rollback')", name="action"),
        Index("ix_agent_deployments_history", "agent_id", "environment", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("agents.id", ondelete="CASCADE"))
    environment: Mapped[str] = mapped_column(String(ENVIRONMENT_LENGTH))
    action: Mapped[str] = mapped_column(String(8))
    version: Mapped[int] = mapped_column(Integer)
    from_version: Mapped[int | None] = mapped_column(Integer, default=None)
    undo_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    author_kind: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(NOTE_LENGTH), default="")
    created_at: Mapped[datetime] = mapped_column()
