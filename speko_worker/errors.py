"""When failing providers end a call, and what the caller is told."""

from dataclasses import dataclass, field

from speko_worker.plugins.legs import LegName

# Consecutive failures after which the call is over. Recognition also fails on every cough and slammed door.
LIMITS: dict[LegName, int] = {"stt": 20, "llm": 3, "tts": 3}

MESSAGES: dict[LegName, tuple[str, str]] = {
    "stt": ("STT_FAILED", "What was said could not be transcribed; please say it again."),
    "llm": ("LLM_FAILED", "The agent could not produce an answer."),
    "tts": ("TTS_FAILED", "The answer could not be spoken."),
}


@dataclass
class ErrorBudget:
    """Counts consecutive failures per leg."""

    _counts: dict[LegName, int] = field(default_factory=dict)

    def failed(self, leg: LegName) -> bool:
        """Count one; True when the call is over."""
        self._counts[leg] = self._counts.get(leg, 0) + 1
        return self._counts[leg] >= LIMITS[leg]

    def worked(self, *legs: LegName) -> None:
        """The leg produced something: its count starts over."""
        for leg in legs:
            self._counts.pop(leg, None)
