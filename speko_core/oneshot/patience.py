"""How long to wait for a candidate: fixed limits of the endpoint, tightened by the candidate's own record. Pure."""

from typing import Literal, NamedTuple

from speko_core.providers.base import FailureKind, ProviderError
from speko_core.routing.health_pace import Pace

# A call counts as stuck when it takes this many times what all but one in a hundred take.
MARGIN = 1.5


class Timing(NamedTuple):
    """Limits in seconds: to the first real event of one candidate and of all together, and between later events.

    A candidate's own record may shorten its waits, never below the floors. `hedge_floor_s` is what this very call needs
    longer than others do: a long recording is not a slow candidate.
    """

    first_event_s: float
    stall_s: float
    overall_s: float
    first_event_floor_s: float = 2.0
    stall_floor_s: float = 5.0
    hedge_floor_s: float = 0.0


class Limit(NamedTuple):
    """A wait, and whether the endpoint or the candidate's own record set it."""

    seconds: float
    by: Literal["endpoint", "record"] = "endpoint"

    def exceeded(self, detail: str) -> ProviderError:
        """The failure of a candidate that was silent for longer."""
        if self.by == "record":
            return Stuck(detail, self.seconds)
        return ProviderError(FailureKind.TIMEOUT, detail)


class Stuck(ProviderError):
    """Silent for longer than the candidate's own record explains."""

    def __init__(self, detail: str, within_s: float) -> None:
        super().__init__(FailureKind.TIMEOUT, f"{detail} within {within_s:.2f} s, its own limit")
        self.within_s = within_s


class Patience(NamedTuple):
    """The waits of one candidate: to its first real event, within its answer, and alone."""

    first_event: Limit
    silence: Limit
    hedge_s: float | None


def patience(timing: Timing, pace: Pace) -> Patience:
    """What `timing` allows a candidate of this pace."""
    return Patience(
        _limit(pace.first_event_s, timing.first_event_floor_s, timing.first_event_s),
        _limit(pace.silence_s, timing.stall_floor_s, timing.stall_s),
        None if pace.hedge_s is None else max(timing.hedge_floor_s, pace.hedge_s),
    )


def _limit(slowest_s: float | None, floor_s: float, ceiling_s: float) -> Limit:
    own = max(floor_s, MARGIN * slowest_s) if slowest_s is not None else ceiling_s
    return Limit(own, "record") if own < ceiling_s else Limit(ceiling_s)
