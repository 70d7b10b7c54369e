"""Requests and answers about sessions."""

import json
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    JsonValue,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from speko_core.routing.intent import Constraints, Language, RoutingIntent
from speko_core.schemas import Input, Output, WireTime
from speko_core.sessions.plan import SessionPlan
from speko_core.sessions.rules import LatencyStatus
from speko_core.sessions.turn_handling import TurnHandling
from speko_core.sessions.variables import GivenVariables
from speko_core.types import JsonObject

Source = Literal["user", "agent", "system"]
StatusName = Literal["created", "active", "ending", "ended", "failed", "expired"]
DEFAULT_TTL_S = 900
MAX_TTL_S = 86_400
MAX_METADATA_BYTES = 16_384
MAX_TURNS = 200
MAX_TURN_CHARACTERS = 16_384
INSTANCE_CHARACTERS = 80


def _default_for_null(default: object) -> BeforeValidator:
    # One official client sends explicit nulls for what its caller left out.
    return BeforeValidator(lambda value: default if value is None else value)


def _storable(value: str) -> str:
    # PostgreSQL has no NUL in text; recognizers and models never mean one.
    return value.replace("\x00", "")


# Neither engine's text column takes a NUL gladly, and no name of anything has one.
PlainText = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Milliseconds = Annotated[float, Field(ge=0, le=86_400_000, allow_inf_nan=False)]
SessionId = Annotated[str, Field(description="Session id, a UUID.", max_length=80)]


class LlmOverride(Input):
    """Language-model settings of this session."""

    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)


class TtsOverride(Input):
    """Speech settings of this session."""

    sample_rate: int | None = Field(None, ge=1, description="Rate of the agent's audio in Hz, 8000 to 48000.")
    speed: float | None = Field(None, ge=0.5, le=2)


class SttOverride(Input):
    """Recognition settings of this session."""

    keywords: list[Annotated[str, StringConstraints(min_length=1, max_length=100)]] | None = Field(None, max_length=100)
    prompt: str | None = Field(None, max_length=2000, description="A hint of what will be said.")
    language: Language | None = Field(None, description="Language to listen for, where it is not the intent's.")


class SessionCreate(Input):
    """A new voice session. With `agentId` its settings are the defaults; any field here wins."""

    mode: Annotated[Literal["cascade"], _default_for_null("cascade")] = Field(
        "cascade", description="Speech recognition, language model and speech synthesis in turn."
    )
    agent_id: str | None = Field(None, max_length=80, description="Agent to start from; absent needs `intent`.")
    environment: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$",
        description=(
            "Which deployed version of the agent: `production` (default), `staging` or your own; its newest version "
            "while nothing was deployed there. `draft` is the newest version, for test keys."
        ),
    )
    variables: GivenVariables | None = Field(
        None, description="Values for the prompt; sending it, even empty, makes prompt and first message templates."
    )
    webhook_tags: dict[str, Annotated[str, StringConstraints(max_length=256)]] | None = Field(
        None, max_length=32, description="Matched by the `filterTags` of webhooks; needs `agentId`."
    )
    intent: RoutingIntent | None = Field(None, description="Routing intent; required without `agentId`.")
    constraints: Constraints | None = Field(None, description="Allow-lists; each layer given replaces the agent's.")
    voice: str | None = Field(None, max_length=120, description="Force a specific TTS voice id.")
    system_prompt: str | None = Field(None, max_length=100_000, description="Initial agent instructions.")
    first_message: str | None = Field(None, max_length=10_000, description="What the agent says first.")
    llm: LlmOverride | None = None
    tts_options: TtsOverride | None = None
    stt_options: SttOverride | None = None
    turn_handling: TurnHandling | None = Field(None, description="Who speaks when; what cannot be done is refused.")
    recording_enabled: bool | None = Field(
        None, description="False records nothing of this call; true wins over the agent, never over the organization."
    )
    metadata: Annotated[JsonObject, _default_for_null({})] = Field(
        default_factory=dict, description="Arbitrary key/value pairs stored with the session, at most 16 KiB."
    )
    ttl_seconds: Annotated[int, _default_for_null(DEFAULT_TTL_S)] = Field(
        DEFAULT_TTL_S, ge=1, le=MAX_TTL_S, description="Life of the token and of the call, in seconds."
    )
    identity: str | None = Field(
        None, min_length=1, max_length=128, description="Transport participant identity; default `user_<id>`."
    )

    @model_validator(mode="after")
    def _belongs_to_an_agent(self) -> Self:
        for name in ("environment", "webhook_tags"):
            if getattr(self, name) and self.agent_id is None:
                raise ValueError(f"{to_camel(name)} needs agentId")
        return self

    @field_validator("metadata")
    @classmethod
    def _metadata_fits(cls, value: JsonObject) -> JsonObject:
        text = json.dumps(value, ensure_ascii=False)
        if len(text.encode()) > MAX_METADATA_BYTES:
            raise ValueError(f"must be at most {MAX_METADATA_BYTES} bytes as JSON")
        if "\\u0000" in text:
            raise ValueError("must not contain NUL characters")
        return value

    @field_validator("identity")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("must be printable characters")
        return value


class SessionCreated(Output):
    """What the caller needs to join. The token works once and is shown only here."""

    session_id: str = Field(json_schema_extra={"format": "uuid"})
    transport_token: str = Field(description="Browser-safe media transport token, single use.")
    transport_url: str = Field(description="Media transport URL.", json_schema_extra={"format": "uri"})
    conversation_token: str = Field(description="Alias of `transportToken`.", deprecated=True)
    livekit_url: str = Field(
        description="Alias of `transportUrl`.", deprecated=True, json_schema_extra={"format": "uri"}
    )
    room_name: str
    identity: str
    expires_at: WireTime
    talk_url: str = Field(description="Page to open in a browser and speak.", json_schema_extra={"format": "uri"})


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
    transport: Literal["websocket", "livekit", "text"]
    turn_count: int
    error_code: str | None = Field(description="Machine word of what made the session fail.")
    metadata: JsonObject
    plan: SessionPlan = Field(description="What the session was frozen to at its creation.")


class ToolCall(Output):
    """A tool the agent called in a turn; `args` is JSON text."""

    name: str
    args: str


class TurnLatency(Output):
    """Milliseconds, null where not known. `totalMs` is end of the caller's speech to the agent's first audio."""

    vad_ms: float | None = None
    stt_ms: float | None = None
    eou_ms: float | None = None
    llm_ttft_ms: float | None = None
    tts_ttfb_ms: float | None = None
    total_ms: float | None = None


class Leg(Output):
    """Who served one part of a turn."""

    provider: str
    model: str | None


class Legs(Output):
    """Who served each part of a turn; null where that part was not used."""

    stt: Leg | None
    llm: Leg | None
    tts: Leg | None


class TranscriptEntry(Output):
    """One turn as it was spoken. Legs of the latency stay null until known."""

    id: str
    index: int
    source: Source
    text: str
    started_at: WireTime
    ended_at: WireTime | None
    provider: str | None
    model: str | None
    eou_ms: float | None
    llm_ttft_ms: float | None
    tts_ttfb_ms: float | None
    latency_status: LatencyStatus | None
    conversational_latency_ms: float | None
    interrupted: bool
    legs: Legs
    latency: TurnLatency
    tool_calls: list[ToolCall]


class Transcript(Output):
    """All turns, oldest first."""

    entries: list[TranscriptEntry]


class LatencyIn(Input):
    """A turn's latency in milliseconds, as far as known."""

    vad_ms: Milliseconds | None = None
    stt_ms: Milliseconds | None = None
    eou_ms: Milliseconds | None = None
    llm_ttft_ms: Milliseconds | None = None
    tts_ttfb_ms: Milliseconds | None = None
    total_ms: Milliseconds | None = None


class LegIn(Input):
    """Who served one part of a turn."""

    provider: PlainText = Field(max_length=80)
    model: PlainText | None = Field(None, max_length=120)


class LegsIn(Input):
    """Who served each part of a turn."""

    stt: LegIn | None = None
    llm: LegIn | None = None
    tts: LegIn | None = None


class ToolCallIn(Input):
    """A tool the agent called; `args` as JSON text or as an object."""

    name: PlainText = Field(min_length=1, max_length=64)
    args: JsonValue = "{}"


class TurnIn(Input):
    """One finished turn."""

    index: int = Field(ge=0, le=1_000_000, description="Position in the session; the same index replaces.")
    source: Source
    text: Annotated[str, BeforeValidator(lambda value: _storable(value) if isinstance(value, str) else value)] = Field(
        min_length=1, max_length=MAX_TURN_CHARACTERS
    )
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    provider: PlainText | None = Field(None, max_length=80)
    model: PlainText | None = Field(None, max_length=120)
    interrupted: Annotated[bool, _default_for_null(False)] = False
    legs: LegsIn | None = None
    latency: LatencyIn | None = None
    tool_calls: list[ToolCallIn] | None = Field(None, max_length=100)


class TurnsAdd(Input):
    """Finished turns of one session. What a recognizer or a model said is stored, never refused."""

    removes_nul: ClassVar[bool] = True

    id: SessionId
    turns: list[TurnIn] = Field(min_length=1, max_length=MAX_TURNS)


class SessionState(Output):
    """Where a session is in its life."""

    session_id: str
    status: StatusName
    ended_at: WireTime | None
    end_reason: str | None


class WorkerHeartbeat(Input):
    """What a worker says about itself every two seconds."""

    instance_id: PlainText = Field(min_length=1, max_length=INSTANCE_CHARACTERS)
    address: str = Field(pattern=r"^wss?://[^\s/]+(/[^\s]*)?$", max_length=255)
    capacity: int = Field(ge=0, le=100_000)
    active: int = Field(ge=0, le=100_000)
    ready: bool


class Accepted(Output):
    """The heartbeat was written."""

    ok: Literal[True]


class SessionClaim(Input):
    """A worker takes a session."""

    id: SessionId
    instance_id: PlainText = Field(min_length=1, max_length=INSTANCE_CHARACTERS)


class SessionClaimed(Output):
    """Everything the worker needs, once."""

    plan: SessionPlan
    signature: str
    token: str
    expires_at: WireTime


class SessionFinish(SessionClaim):
    """The worker is done. `error` is a machine word of ours, never an upstream text."""

    status: Literal["ended", "failed"]
    reason: str = Field(pattern=r"^[a-z][a-z_]{0,39}$")
    error: str | None = Field(None, max_length=200)


class SessionStatus(Output):
    """The session as the gateway sees it; `ending` asks the worker to stop."""

    status: StatusName
