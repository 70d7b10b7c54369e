"""How a call ended."""

from dataclasses import dataclass

from speko_worker.frames import EndReason
from speko_worker.journal import End


@dataclass(frozen=True)
class Outcome:
    """What the caller is told, and what the session's record says; `error` is a machine code."""

    reason: EndReason
    error: str | None = None

    @property
    def end(self) -> End:
        """What the session's record says of it."""
        return End("failed" if self.reason is EndReason.ERROR else "ended", self.reason.value, self.error)
