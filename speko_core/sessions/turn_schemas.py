"""Turns of a session: as its worker reports them, and as the transcript shows them."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, JsonValue

from speko_core.schemas import Input, Output, WireTime
from speko_core.sessions.rules import LatencyStatus
from speko_core.sessions.schemas import PlainText, SessionId, default_for_null

Source = Literal["user", "agent", "system"]
MAX_TURNS = 200
MAX_TURN_CHARACTERS = 16_384
Milliseconds = Annotated[float, Field(ge=0, le=86_400_000, allow_inf_nan=False)]


def _storable(value: str) -> str:
    # PostgreSQL has no NUL in text; recognizers and models never mean one.
    return value.replace("\x00", "")


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
    agent_id: str | None = Field(description="Which agent spoke, in turns of an agent.")
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
    agent_id: PlainText | None = Field(None, max_length=40, description="Which agent spoke, in turns of an agent.")
    provider: PlainText | None = Field(None, max_length=80)
    model: PlainText | None = Field(None, max_length=120)
    interrupted: Annotated[bool, default_for_null(False)] = False
    legs: LegsIn | None = None
    latency: LatencyIn | None = None
    tool_calls: list[ToolCallIn] | None = Field(None, max_length=100)


class TurnsAdd(Input):
    """Finished turns of one session. What a recognizer or a model said is stored, never refused."""

    removes_nul: ClassVar[bool] = True

    id: SessionId
    turns: list[TurnIn] = Field(min_length=1, max_length=MAX_TURNS)
