"""What the selector answers: the ranked chain, and why everything else is not in it."""

from typing import Literal, NamedTuple

from speko_core.providers.base import Modality
from speko_core.routing.intent import RoutingIntent
from speko_core.routing.offers import Offer

Basis = Literal["measured", "imported", "unmeasured"]
Drop = Literal[
    "no_adapter",
    "no_key",
    "retired",
    "test_mode",
    "offline_provider",
    "not_allowed",
    "language",
    "live_only",
    "option",
    "voice",
    "no_benchmark_data",
    "status_warned",
    "status_provisional",
    "latency_cutoff",
    "no_region_data",
    "unhealthy",
    "no_credit",
]


class Scores(NamedTuple):
    """Normalized axes of one candidate, 0 (worst of the set) to 1 (best)."""

    quality: float
    latency: float
    cost: float


class Ranked(NamedTuple):
    """A candidate of the failover chain. `score` is None without a measured quality; `reason` then says why.

    `ignored` names options of the call that the candidate cannot honour: the answer says what was left out.
    """

    offer: Offer
    score: float | None
    basis: Basis
    axes: Scores | None = None
    reason: str | None = None
    ignored: tuple[str, ...] = ()

    @property
    def vendor(self) -> str:
        """The provider's name on the wire."""
        return self.offer.vendor

    @property
    def model(self) -> str:
        """The model's id at the provider."""
        return self.offer.facts.id

    @property
    def id(self) -> str:
        """`vendor:model`."""
        return self.offer.id


class FilteredOut(NamedTuple):
    """A candidate that is not in the chain, with a reason for programs and one for people."""

    id: str
    code: Drop
    reason: str


class Decision(NamedTuple):
    """One routing decision; the same inputs always give the same one (RTE-11)."""

    modality: Modality
    intent: RoutingIntent
    ranked: tuple[Ranked, ...]
    filtered_out: tuple[FilteredOut, ...]
    scores_run_id: str
    source: str | None = None
    # Every candidate was unhealthy, and each may be tried all the same.
    panic: bool = False
    # Set when the decision is stored, to ask for it again.
    id: str = ""
