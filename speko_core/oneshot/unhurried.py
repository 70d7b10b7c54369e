"""The health of calls in which the caller decides when there is something to hear."""

from dataclasses import dataclass

from speko_core.oneshot.health import Health
from speko_core.providers.base import ProviderError
from speko_core.routing.decision import Ranked
from speko_core.routing.health_pace import UNKNOWN, Pace


@dataclass(frozen=True)
class Unhurried:
    """A call's health without its clock: how long words take depends on who speaks, not on who listens."""

    health: Health

    def begin(self, candidate: Ranked) -> bool:
        """As the call's own."""
        return self.health.begin(candidate)

    def pace(self, candidate: Ranked) -> Pace:
        """Nothing is usual."""
        return UNKNOWN

    def succeeded(self, candidate: Ranked, first_event_s: float) -> None:
        """Tells nothing about its speed."""
        self.health.abandon()

    def outrun(self, candidate: Ranked, waited_s: float) -> None:
        """Candidates do not race."""

    def flowed(self, candidate: Ranked, silence_s: float) -> None:
        """Tells nothing about its speed."""

    def failed(self, candidate: Ranked, error: ProviderError) -> None:
        """As the call's own."""
        self.health.failed(candidate, error)

    def abandon(self) -> None:
        """As the call's own."""
        self.health.abandon()
