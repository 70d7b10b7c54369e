"""What a call tells about its candidates and may know of them: the seam of breakers and live latency (RTE-12)."""

from typing import Protocol

from speko_core.providers.base import ProviderError
from speko_core.routing.decision import Ranked
from speko_core.routing.health_pace import Pace


class Health(Protocol):
    """The health of one call's candidates; `speko_core/routing/health.py` remembers it."""

    def begin(self, candidate: Ranked) -> bool:
        """Take leave to call it; False when it must not be called now."""
        ...

    def pace(self, candidate: Ranked) -> Pace:
        """What a candidate that was begun usually needs."""
        ...

    def succeeded(self, candidate: Ranked, first_event_s: float) -> None:
        """The first real event came after `first_event_s`."""
        ...

    def outrun(self, candidate: Ranked, waited_s: float) -> None:
        """Another candidate's first real event came while this one had been silent for `waited_s`."""
        ...

    def flowed(self, candidate: Ranked, silence_s: float) -> None:
        """The whole answer came, with no silence within it longer than this."""
        ...

    def failed(self, candidate: Ranked, error: ProviderError) -> None:
        """The candidate was given up."""
        ...

    def abandon(self) -> None:
        """The caller went away before the candidates being tried had told anything."""
        ...
