"""The table of tool calls made within sessions. It is what makes a repeated call answer instead of act again."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, OrganizationScoped, Timestamps
from speko_core.sessions.models import UUID_LENGTH

KEY_LENGTH = 64


class ToolCallRow(Base, OrganizationScoped, Timestamps):
    """One call of one tool in one session. `key` is the same for a repetition of the same call (see `keys.py`)."""

    __tablename__ = "tool_calls"
    __table_args__ = (
        UniqueConstraint("organization_id", "key"),
        CheckConstraint("status IN ('started', 'completed', 'failed')", name="status"),
        Index("ix_tool_calls_session", "session_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    session_id: Mapped[str] = mapped_column(String(UUID_LENGTH), ForeignKey("voice_sessions.id", ondelete="CASCADE"))
    agent_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    # An asynchronous call was acknowledged; its result is told to the model in a later turn.
    asynchronous: Mapped[bool] = mapped_column(default=False)
    args: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(12))
    result: Mapped[str | None] = mapped_column(Text, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
