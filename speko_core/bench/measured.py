"""One measurement: what a call answered, how good it was, when it came, what it consumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from speko_core.bench.distance import Score
from speko_core.bench.items import Item
from speko_core.bench.targets import Target
from speko_core.oneshot.usage import Units
from speko_core.providers.base import FailureKind


@dataclass(frozen=True)
class Answer:
    """A call that was answered. `scores` by metric; `waited_ms` as the modality counts it."""

    scores: Mapping[str, Score]
    waited_ms: float
    units: Units


@dataclass(frozen=True)
class Sample:
    """One call of one candidate with one item: its answer, or why there is none."""

    candidate: str
    item: int
    repeat: int
    answer: Answer | None = None
    failure: FailureKind | None = None


@dataclass(frozen=True)
class Metrics:
    """What a modality's figures are called: error rates, the one that ranks first, and what latency counts."""

    quality: tuple[str, ...]
    latency: str


class Measure(Protocol):
    """Makes one call and scores it."""

    def metrics(self) -> Metrics:
        """What it measures."""
        ...

    async def call(self, target: Target, item: Item) -> Answer:
        """Call `target` with `item`.

        Raises:
            ProviderError: the call failed; an answer without words is an answer.
        """
        ...
