"""Tables of voice sessions and their turns."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, JsonColumn, OrganizationScoped, Timestamps
from speko_core.types import JsonObject, JsonValue

UUID_LENGTH = 36


class VoiceSession(Base, OrganizationScoped, Timestamps):
    """One conversation. `agent_id` and the plan are facts of the moment of creation and outlive the agent."""

    __tablename__ = "voice_sessions"
    __table_args__ = (
        CheckConstraint("status IN ('created', 'active', 'ending', 'ended', 'failed', 'expired')", name="status"),
        Index("ix_voice_sessions_page", "organization_id", "created_at", "id"),
        Index("ix_voice_sessions_agent_page", "organization_id", "agent_id", "created_at", "id"),
        Index("ix_voice_sessions_status", "status", "expires_at"),
        Index("ix_voice_sessions_recording", "recording_status", "ended_at"),
    )

    id: Mapped[str] = mapped_column(String(UUID_LENGTH), primary_key=True)
    agent_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    agent_name: Mapped[str | None] = mapped_column(String(200), default=None)
    agent_version: Mapped[int | None] = mapped_column(Integer, default=None)
    environment: Mapped[str | None] = mapped_column(String(40), default=None)
    status: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    mode: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(16))
    # The signed bytes themselves: a JSON column would reorder and renumber what the signature covers, the caller's
    # metadata among it.
    plan: Mapped[str] = mapped_column(Text)
    plan_signature: Mapped[str] = mapped_column(String(64))
    transport: Mapped[str] = mapped_column(String(16))
    room_name: Mapped[str] = mapped_column(String(64), unique=True)
    identity: Mapped[str] = mapped_column(String(128))
    token_digest: Mapped[str | None] = mapped_column(String(64), default=None)
    token_used_at: Mapped[datetime | None] = mapped_column(default=None)
    worker_instance_id: Mapped[str | None] = mapped_column(String(80), default=None)
    last_heartbeat_at: Mapped[datetime | None] = mapped_column(default=None)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    end_reason: Mapped[str | None] = mapped_column(String(64), default=None)
    error_code: Mapped[str | None] = mapped_column(String(64), default=None)
    expires_at: Mapped[datetime] = mapped_column()
    # Null until a worker takes the session, and again once the recording's time is over.
    recording_status: Mapped[str | None] = mapped_column(String(16), default=None)
    recording_object_path: Mapped[str | None] = mapped_column(String(160), default=None)
    recording_duration_ms: Mapped[int | None] = mapped_column(Integer, default=None)


class SessionTurn(Base, OrganizationScoped, Timestamps):
    """One finished turn; a repeated report of the same index replaces it."""

    __tablename__ = "session_turns"
    __table_args__ = (
        UniqueConstraint("session_id", "idx"),
        CheckConstraint("source IN ('user', 'agent', 'system')", name="source"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    session_id: Mapped[str] = mapped_column(
        String(UUID_LENGTH), ForeignKey("voice_sessions.id", ondelete="CASCADE"), index=True
    )
    idx: Mapped[int] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(String(8))
    # Which agent spoke, in turns of an agent.
    agent_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    text: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    provider: Mapped[str | None] = mapped_column(String(80), default=None)
    model: Mapped[str | None] = mapped_column(String(120), default=None)
    interrupted: Mapped[bool] = mapped_column(default=False)
    legs: Mapped[JsonObject] = mapped_column(JsonColumn)
    latency: Mapped[JsonObject] = mapped_column(JsonColumn)
    tool_calls: Mapped[list[JsonValue]] = mapped_column(JsonColumn)
