"""Routing hints of a voice pipeline: what is wanted, and which providers may serve it."""

from dataclasses import dataclass
from typing import Literal, get_args

from speko_core.types import JsonObject

OptimizeFor = Literal["balanced", "accuracy", "latency", "cost"]


@dataclass(frozen=True)
class Intent:
    """What the router optimizes for; one intent is normally shared by the three legs of a session."""

    language: str
    region: str | None = None
    optimize_for: str | None = None

    def to_wire(self) -> JsonObject:
        """The `intent` object of the one-shot endpoints."""
        wire: JsonObject = {"language": self.language}
        if self.region:
            wire["region"] = self.region
        if self.optimize_for:
            wire["optimizeFor"] = self.optimize_for
        return wire


@dataclass(frozen=True)
class Constraints:
    """Allow-lists per leg, entries `vendor` or `vendor:model`; an empty list leaves the leg free."""

    stt: tuple[str, ...] = ()
    llm: tuple[str, ...] = ()
    tts: tuple[str, ...] = ()

    def to_wire(self) -> JsonObject | None:
        """The `constraints` object of the one-shot endpoints, or None when nothing is constrained."""
        legs = {"stt": self.stt, "llm": self.llm, "tts": self.tts}
        allowed: JsonObject = {leg: list(entries) for leg, entries in legs.items() if entries}
        return {"allowedProviders": allowed} if allowed else None


def validate_intent(intent: Intent) -> None:
    """Refuse a broken routing hint at construction, before the first call.

    Raises:
        ValueError: no language, or an unknown `optimize_for`.
    """
    if not intent.language:
        raise ValueError("SpekoAdapter: intent.language is required (BCP-47 tag)")
    allowed = get_args(OptimizeFor)
    if intent.optimize_for is not None and intent.optimize_for not in allowed:
        raise ValueError(
            f'SpekoAdapter: unknown optimizeFor "{intent.optimize_for}". Expected one of: {", ".join(allowed)}.'
        )
