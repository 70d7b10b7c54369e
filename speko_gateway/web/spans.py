"""The spans of a call as numbers a template can draw: one row a span, on the scale of its turn."""

from dataclasses import dataclass
from datetime import datetime

from speko_core.types import JsonObject, JsonValue

WIDTH = 1000
_KINDS = {"vad": "vad", "end_of_turn": "rest", "speech caller": "rest", "speech agent": "rest"}


@dataclass(frozen=True)
class Row:
    """One span as drawn; `x` and `width` are in thousandths of its turn."""

    kind: str
    name: str
    served_by: str
    ms: int
    x: int
    width: int
    failed: bool


def spans_by_turn(tree: JsonValue) -> dict[int, list[Row]]:
    """The rows of each turn, by the index of its answer, or of its question where nobody answered."""
    found: dict[int, list[Row]] = {}
    for turn in _children(tree):
        about = _object(turn["attributes"])
        index = about.get("speko.turn.answer", about.get("speko.turn.question"))
        if isinstance(index, int):
            found[index] = [_row(span, turn) for span in _children(turn)]
    return found


def _row(span: JsonObject, turn: JsonObject) -> Row:
    about, whole_ms = _object(span["attributes"]), max(_number(turn["durationMs"]), 1.0)
    name, ms = str(span["name"]), _number(span["durationMs"])
    x = round(WIDTH * (_milliseconds(span) - _milliseconds(turn)) / whole_ms)
    width = max(round(WIDTH * ms / whole_ms), 2)
    kind = _KINDS.get(name) or str(about.get("speko.leg", "rest"))
    served_by = str(about.get("gen_ai.provider.name", ""))
    return Row(kind, name, served_by, round(ms), x, width, span["status"] == "error")


def _children(span: JsonValue) -> list[JsonObject]:
    children = _object(span).get("children")
    return [child for child in children if isinstance(child, dict)] if isinstance(children, list) else []


def _milliseconds(span: JsonObject) -> float:
    return datetime.fromisoformat(str(span["startTime"])).timestamp() * 1000


def _number(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
