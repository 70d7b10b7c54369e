"""Where the time of each answer went, as numbers a template can draw: one bar per turn on a common scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from speko_core.types import JsonObject, JsonValue

WIDTH = 1000
STAGES = (("vad", "VAD", "vadMs"), ("stt", "STT", "sttMs"), ("llm", "LLM", "llmTtftMs"), ("tts", "TTS", "ttsTtfbMs"))


@dataclass(frozen=True)
class Stage:
    """One measured stage of an answer and who served it."""

    name: str
    label: str
    ms: int
    served_by: str = ""


@dataclass(frozen=True)
class Part(Stage):
    """A stage as drawn; `x` and `width` are in thousandths of the longest answer."""

    x: int = 0
    width: int = 0


@dataclass(frozen=True)
class Bar:
    """The stages of one turn and their sum in milliseconds. `answered` when it is the whole wait for an answer."""

    parts: tuple[Part, ...]
    total_ms: int
    answered: bool


def waterfall(entries: Sequence[JsonObject]) -> list[Bar | None]:
    """One bar per transcript entry; None where nothing was measured."""
    measured = [_stages(entry, after) for entry, after in zip_longest(entries, entries[1:])]
    totals = [sum(stage.ms for stage in stages) for stages in measured]
    longest = max(totals, default=0)
    return [
        Bar(_parts(stages, longest), total, _milliseconds(_object(entry["latency"])["totalMs"]) > 0) if total else None
        for entry, stages, total in zip(entries, measured, totals, strict=True)
    ]


def _stages(entry: JsonObject, after: JsonObject | None) -> list[Stage]:
    """The known stages, and as `Other` what they leave of the whole: turn taking and transport.

    Nothing for a question whose answer, the entry `after` it, repeats what hearing it took.
    """
    latency, legs = _object(entry["latency"]), _object(entry["legs"])
    if after is not None and latency["sttMs"] is not None and _object(after["latency"])["sttMs"] == latency["sttMs"]:
        return []
    stages = [
        Stage(name, label, ms, _served_by(legs.get(name)))
        for name, label, key in STAGES
        if (ms := _milliseconds(latency[key]))
    ]
    rest = _milliseconds(latency["totalMs"]) - sum(stage.ms for stage in stages)
    return [*stages, Stage("rest", "Other", rest)] if rest > 0 else stages


def _parts(stages: Sequence[Stage], longest: int) -> tuple[Part, ...]:
    parts, start = [], 0
    for stage in stages:
        x, width = WIDTH * start // longest, max(WIDTH * stage.ms // longest, 2)
        parts.append(Part(stage.name, stage.label, stage.ms, stage.served_by, x, width))
        start += stage.ms
    return tuple(parts)


def _served_by(leg: JsonValue) -> str:
    fields = _object(leg)
    return " ".join(str(fields[key]) for key in ("provider", "model") if fields.get(key))


def _milliseconds(value: JsonValue) -> int:
    return round(value) if isinstance(value, int | float) else 0


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
