"""Requests and answers about sessions as a whole."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from speko_core.schemas import Input, Output, WireTime
from speko_core.sessions.plan import SessionPlan
from speko_core.types import JsonObject

StatusName = Literal["created", "active", "ending", "ended", "failed", "expired"]
# Neither engine's text column takes a NUL gladly, and no name of anything has one.
PlainText = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
SessionId = Annotated[str, Field(description="Session id, a UUID.", max_length=80)]


def default_for_null(default: object) -> BeforeValidator:
    """Take an explicit null for an absent field: one official client sends nulls for what its caller left out."""
    return BeforeValidator(lambda value: default if value is None else value)


class SessionRef(Input):
    """Names one session."""

    id: SessionId


class SessionList(Input):
    """A page of sessions, newest first; filters combine."""

    cursor: str | None = Field(None, max_length=200, description="`nextCursor` of the previous page.")
    limit: int = Field(20, ge=1, le=100)
    status: StatusName | None = None
    kind: PlainText | None = Field(None, max_length=16, description="`web` for browser sessions.")
    agent: PlainText | None = Field(None, max_length=80, description="Only sessions started from this agent id.")


class PipelineConfig(Output):
    """The part of the plan that lists show."""

    agent_id: str | None
    language: str


class SessionEntry(Output):
    """A session in a list."""

    session_id: str
    created_at: WireTime
    status: StatusName
    kind: str
    mode: Literal["live", "test"]
    agent_name: str | None
    agent_version: int | None = Field(description="The version of the agent the session keeps to its end.")
    environment: str | None
    pipeline_config: PipelineConfig
    started_at: WireTime | None
    ended_at: WireTime | None
    end_reason: str | None
    expires_at: WireTime
    duration_seconds: int | None = Field(description="From the agent joining to the end; null before the end.")
    recording_object_path: str | None
    recording_duration_ms: int | None
    recording_status: Literal["pending", "uploading", "ready", "failed", "suppressed"] | None


class SessionPage(Output):
    """Newest first; `nextCursor` is null on the last page."""

    entries: list[SessionEntry]
    next_cursor: str | None


class SessionDetail(SessionEntry):
    """A session in full."""

    room_name: str
    identity: str
    transport: Literal["websocket", "livekit", "text", "realtime"]
    turn_count: int
    error_code: str | None = Field(description="Machine word of what made the session fail.")
    metadata: JsonObject
    plan: SessionPlan = Field(description="What the session was frozen to at its creation.")


class SessionState(Output):
    """Where a session is in its life."""

    session_id: str
    status: StatusName
    ended_at: WireTime | None
    end_reason: str | None
