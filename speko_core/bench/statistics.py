"""What can be said from the measurements: pooled rates, percentiles, and intervals by paired bootstrap. Deterministic.

A resample draws items, the same for all candidates, so what an item does to all of them cancels in a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from speko_core.late import LateModule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = LateModule("numpy")

RESAMPLES: Final = 4_000
_BLOCK: Final = 400
LEVEL: Final = 0.95
# With fewer items an interval is given, and nothing is claimed from it.
ITEMS_TO_CLAIM: Final = 10

Statistic = Callable[["NDArray[np.int64]"], "NDArray[np.float64]"]


@dataclass(frozen=True)
class Interval:
    """Where the value lies, at the stated level."""

    low: float
    high: float


@dataclass(frozen=True)
class Rates:
    """Errors and their denominators by item; the rate pools them, so long items weigh more."""

    errors: tuple[float, ...]
    of: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many items."""
        return len(self.of)

    def statistic(self) -> Statistic:
        """The pooled rate of each draw."""
        errors, of = np.array(self.errors), np.array(self.of)
        return lambda drawn: errors[drawn].sum(axis=1) / of[drawn].sum(axis=1)


@dataclass(frozen=True)
class Medians:
    """One value an item; the statistic is their median."""

    values: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many items."""
        return len(self.values)

    def statistic(self) -> Statistic:
        """The median of each draw."""
        values = np.array(self.values)
        return lambda drawn: np.median(values[drawn], axis=1)


Measure = Rates | Medians


def estimate(measure: Measure) -> float:
    """The value over all items; there is at least one."""
    return float(measure.statistic()(_everything(measure))[0])


def interval(measure: Measure, seed: int, level: float = LEVEL) -> Interval:
    """Where the value lies; it always contains the estimate."""
    return _between(measure.statistic(), _everything(measure), seed, level)


def difference(first: Measure, second: Measure, seed: int, level: float = LEVEL) -> Interval:
    """Where `first - second` lies. Both hold the same items in the same order."""
    one, other = first.statistic(), second.statistic()
    return _between(lambda drawn: one(drawn) - other(drawn), _everything(first), seed, level)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` percent do not exceed: one that was measured, the next higher between two."""
    return float(np.percentile(np.array(values), share, method="higher"))


def _everything(measure: Measure) -> NDArray[np.int64]:
    return np.arange(measure.count)[None, :]


def _between(statistic: Statistic, everything: NDArray[np.int64], seed: int, level: float) -> Interval:
    count, random = everything.shape[1], np.random.default_rng(seed)
    blocks = [statistic(random.integers(0, count, (_BLOCK, count))) for _ in range(RESAMPLES // _BLOCK)]
    low, high = np.quantile(np.concatenate(blocks), [(1 - level) / 2, (1 + level) / 2])
    point = float(statistic(everything)[0])
    return Interval(min(float(low), point), max(float(high), point))
