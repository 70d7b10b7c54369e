"""Who served each leg of a turn and how fast, captured from the gateway's answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

LegName = Literal["stt", "llm", "tts"]


@dataclass(frozen=True)
class Leg:
    """One served call. `first_ms` is request to first output, None while unknown."""

    provider: str
    model: str
    first_ms: float | None = None


@dataclass(frozen=True)
class ServedCall:
    """One call to its end, in seconds since the epoch."""

    name: LegName
    leg: Leg
    began: float
    ended: float
    failed: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None


LegSink = Callable[[LegName, Leg], None]
CallSink = Callable[[ServedCall], None]

UNKNOWN = Leg("unknown", "unknown")


def ignore_leg(_name: LegName, _leg: Leg) -> None:
    """The sink of a plugin whose owner keeps no record."""


def ignore_call(_call: ServedCall) -> None:
    """The sink of a plugin whose owner draws no trace."""
