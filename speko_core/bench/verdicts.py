"""Who is best on an axis. Nobody is, unless the paired intervals against all others exclude zero."""

from collections.abc import Callable, Mapping

from speko_core.bench.measured import Metrics
from speko_core.bench.schemas import Comparison, Range, Verdict
from speko_core.bench.statistics import ITEMS_TO_CLAIM, LEVEL, Measure, difference, estimate
from speko_core.bench.summary import PERCENT, Answers

_Read = Callable[[Answers, list[int] | None], Measure]


def verdicts(answers: Mapping[str, Answers], metrics: Metrics, seed: int) -> list[Verdict]:
    """One for quality, one for latency."""
    main = metrics.quality[0]
    return [
        _verdict(f"{main}_pct", answers, lambda one, items: one.rates(main, items), PERCENT, seed),
        _verdict(metrics.latency, answers, lambda one, items: one.waits(items), 1.0, seed),
    ]


def _verdict(metric: str, answers: Mapping[str, Answers], read: _Read, scale: float, seed: int) -> Verdict:
    if len(answers) < 2:
        best = next(iter(answers), None)
        return Verdict(metric=metric, winner=None, best=best, reason="there is nothing to compare", against=[])
    best = min(answers, key=lambda name: (estimate(read(answers[name], None)), name))
    others = sorted(name for name in answers if name != best)
    against = [_comparison(answers, best, other, read, scale, seed, len(others)) for other in others]
    reason = _doubt(against)
    return Verdict(
        metric=metric,
        winner=None if reason else best,
        best=best,
        reason=reason or "every difference is clear",
        against=against,
    )


def _comparison(
    answers: Mapping[str, Answers], best: str, other: str, read: _Read, scale: float, seed: int, count: int
) -> Comparison:
    """The level is raised with the number of comparisons (Bonferroni): one of many is low by chance."""
    both = sorted(answers[best].by_item.keys() & answers[other].by_item.keys())
    if not both:
        return Comparison(id=other, items=0, difference=0.0, interval=Range(low=0.0, high=0.0))
    first, second = read(answers[best], both), read(answers[other], both)
    found = difference(first, second, seed, 1 - (1 - LEVEL) / count)
    return Comparison(
        id=other,
        items=len(both),
        difference=round(scale * (estimate(first) - estimate(second)), 3),
        interval=Range(low=round(scale * found.low, 3), high=round(scale * found.high, 3)),
    )


def _doubt(against: list[Comparison]) -> str | None:
    few = [one for one in against if one.items < ITEMS_TO_CLAIM]
    if few:
        return f"fewer than {ITEMS_TO_CLAIM} items were answered by both"
    close = [one.id for one in against if one.interval.high >= 0]
    return f"cannot be told apart from {', '.join(close)}" if close else None
