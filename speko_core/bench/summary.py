"""From measurements to figures: pooled rates, percentiles, intervals, and who is best, if anybody is."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from speko_core.bench.measured import Answer, Metrics, Sample
from speko_core.bench.schemas import Candidate, LatencyFigure, QualityFigure, Range
from speko_core.bench.speech_to_text import is_live
from speko_core.bench.statistics import Measure, Medians, Rates, estimate, interval, percentile
from speko_core.bench.targets import Target
from speko_core.metering.prices import CHARACTERS_PER_MINUTE, MS_PER_MINUTE, list_price
from speko_core.oneshot.usage import Units
from speko_core.providers.base import Modality
from speko_core.routing.snapshot import RowPrice

PERCENT = 100.0
_Unit = dict[Modality, tuple[Units, RowPrice]]


@dataclass(frozen=True)
class Answers:
    """The answers of one candidate by item."""

    by_item: Mapping[int, Sequence[Answer]]

    def rates(self, metric: str, items: Sequence[int] | None = None) -> Rates:
        """Errors of these items, all repeats together."""
        scores = [[answer.scores[metric] for answer in self.by_item[item]] for item in self._chosen(items)]
        return Rates(
            tuple(float(sum(score.errors for score in one)) for one in scores),
            tuple(float(sum(score.of for score in one)) for one in scores),
        )

    def waits(self, items: Sequence[int] | None = None) -> Medians:
        """The median wait of each of these items."""
        chosen = self._chosen(items)
        return Medians(tuple(median(answer.waited_ms for answer in self.by_item[item]) for item in chosen))

    def all(self) -> list[Answer]:
        """Every answer."""
        return [answer for answers in self.by_item.values() for answer in answers]

    def _chosen(self, items: Sequence[int] | None) -> Sequence[int]:
        return sorted(self.by_item) if items is None else items


def answers_of(samples: Iterable[Sample]) -> dict[str, Answers]:
    """What each candidate answered."""
    found: dict[str, dict[int, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        if sample.answer is not None:
            found[sample.candidate][sample.item].append(sample.answer)
    return {candidate: Answers(dict(by_item)) for candidate, by_item in found.items()}


def candidate_of(
    target: Target, samples: Sequence[Sample], metrics: Metrics, cold_ms: float | None, seed: int
) -> Candidate:
    """The figures of one candidate."""
    own = [sample for sample in samples if sample.candidate == target.id]
    answers = answers_of(own).get(target.id, Answers({}))
    costs = [cost_of(target, answer.units) for answer in answers.all()]
    return Candidate(
        id=target.id,
        offline=target.offer.sandbox,
        simulated=target.simulated,
        live=target.offer.facts.modality is Modality.STT and is_live(target),
        calls=len(own),
        items=len(answers.by_item),
        failures=dict(Counter(str(sample.failure) for sample in own if sample.failure is not None)),
        quality=[_quality(answers, metric, seed) for metric in metrics.quality] if answers.by_item else [],
        latency=_latency(answers, metrics.latency, seed) if answers.by_item else None,
        cold_ms=cold_ms,
        price=price_of(target),
        cost_micro_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
    )


def price_of(target: Target) -> RowPrice | None:
    """The catalogue's price in the unit that routing compares (RTE-4); None when it has none."""
    units, unit = _COMPARED[target.offer.facts.modality]
    cost = cost_of(target, units)
    return None if cost is None else unit.model_copy(update={"micro_usd": cost})


def cost_of(target: Target, units: Units) -> int | None:
    """Micro-USD at list price. What runs on this machine costs nothing."""
    if target.offer.sandbox:
        return 0
    prices = target.offer.facts.prices
    return list_price(units, prices).micro_usd if prices else None


def _quality(answers: Answers, metric: str, seed: int) -> QualityFigure:
    rates = answers.rates(metric)
    return QualityFigure(
        metric=f"{metric}_pct",
        value=round(PERCENT * estimate(rates), 3),
        ci95=_range(rates, seed, PERCENT),
    )


def _latency(answers: Answers, metric: str, seed: int) -> LatencyFigure:
    waits = [answer.waited_ms for answer in answers.all()]
    medians = answers.waits()
    p50 = round(estimate(medians), 1)
    return LatencyFigure(
        metric=metric,
        p50=p50,
        p95=round(percentile(waits, 95), 1),
        p99=round(percentile(waits, 99), 1),
        ci95=_range(medians, seed, 1.0),
    )


def _range(measure: Measure, seed: int, scale: float) -> Range | None:
    if measure.count < 2:
        return None
    found = interval(measure, seed)
    return Range(low=round(scale * found.low, 3), high=round(scale * found.high, 3))


_COMPARED: _Unit = {
    Modality.STT: (Units(audio_ms=MS_PER_MINUTE), RowPrice(unit="minute", micro_usd=0)),
    Modality.TTS: (Units(characters=CHARACTERS_PER_MINUTE), RowPrice(unit="minute", micro_usd=0)),
    Modality.LLM: (
        Units(prompt_tokens=750_000, completion_tokens=250_000),
        RowPrice(unit="1m_tokens_blended", micro_usd=0),
    ),
}
