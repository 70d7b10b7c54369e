"""The table of tools. A secret is never in it: sources name secrets by reference, sealed in `agent_secrets`."""

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, JsonColumn, OrganizationScoped, Timestamps
from speko_core.types import JsonObject

NAME_LENGTH = 64
# Of one agent.
MAX_TOOLS = 100


class AgentToolRow(Base, OrganizationScoped, Timestamps):
    """One tool of one agent. `source` is the validated wire document, always with `kind`."""

    __tablename__ = "agent_tools"
    __table_args__ = (
        UniqueConstraint("agent_id", "name"),
        Index("ix_agent_tools_list", "agent_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("agents.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    description: Mapped[str] = mapped_column(Text)
    parameters: Mapped[JsonObject] = mapped_column()
    source: Mapped[JsonObject] = mapped_column()
    pre_tool_speech: Mapped[str] = mapped_column(String(8), default="auto")
    tool_sound: Mapped[JsonObject | None] = mapped_column(JsonColumn, default=None)
    simulation: Mapped[JsonObject | None] = mapped_column(JsonColumn, default=None)
