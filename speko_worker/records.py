"""The record of one turn, as the gateway stores it and the caller is shown it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from speko_core.types import JsonObject
from speko_worker.plugins.legs import Leg, LegName

Source = Literal["user", "agent", "system"]


@dataclass(frozen=True)
class Latency:
    """One exchange in milliseconds, None where not known.

    `vad` end of speech to its detection, `stt` the recognition call, `eou` end of speech to the decision that the
    turn is over, `llm_ttft` and `tts_ttfb` request to first output, `total` end of speech to the first audio.
    """

    vad: float | None = None
    stt: float | None = None
    eou: float | None = None
    llm_ttft: float | None = None
    tts_ttfb: float | None = None
    total: float | None = None

    def to_wire(self) -> JsonObject:
        """The documented names, whole milliseconds."""
        values = {
            "vadMs": self.vad,
            "sttMs": self.stt,
            "eouMs": self.eou,
            "llmTtftMs": self.llm_ttft,
            "ttsTtfbMs": self.tts_ttfb,
            "totalMs": self.total,
        }
        return {name: None if value is None else max(0, round(value)) for name, value in values.items()}


@dataclass(frozen=True)
class Turn:
    """A finalized turn. `index` counts from 0 within the session."""

    index: int
    source: Source
    text: str
    started_at: datetime
    ended_at: datetime | None
    interrupted: bool = False
    legs: dict[LegName, Leg] = field(default_factory=dict)
    latency: Latency = field(default_factory=Latency)
    tool_calls: tuple[JsonObject, ...] = ()
    agent_id: str | None = None

    def to_wire(self) -> JsonObject:
        """The body of the turns endpoint; the `turn` frame is the same plus its type."""
        served = self.legs.get("stt" if self.source == "user" else "llm") or next(iter(self.legs.values()), None)
        legs: JsonObject = {name: {"provider": leg.provider, "model": leg.model} for name, leg in self.legs.items()}
        wire: JsonObject = {
            "index": self.index,
            "source": self.source,
            "text": self.text,
            "startedAt": timestamp(self.started_at),
            "endedAt": timestamp(self.ended_at) if self.ended_at else None,
            "interrupted": self.interrupted,
            "legs": legs,
            "latency": self.latency.to_wire(),
        }
        if self.agent_id:
            wire["agentId"] = self.agent_id
        if self.tool_calls:
            wire["toolCalls"] = [*self.tool_calls]
        if served:
            wire |= {"provider": served.provider, "model": served.model}
        return wire


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def from_epoch(seconds: float) -> datetime:
    """A wall-clock reading of the framework as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)
