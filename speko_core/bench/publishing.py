"""From a result to what may be published: figures that could be wrong by chance or by design stay out."""

from dataclasses import dataclass

from speko_core.bench.benchmark import is_steady
from speko_core.bench.schemas import Candidate, Result
from speko_core.bench.statistics import ITEMS_TO_CLAIM
from speko_core.types import JsonObject, JsonValue


@dataclass(frozen=True)
class Publication:
    """The body of `POST /v1/routing/snapshots`, None when no row may be published; and why others may not."""

    draft: JsonObject | None
    left_out: dict[str, str]


def publication(result: Result) -> Publication:
    """The rows that may rank providers. A model that is left out keeps the figures it has."""
    reasons = {one.id: _refusal(one) for one in result.candidates}
    rows: list[JsonValue] = [_row(one) for one in result.candidates if reasons[one.id] is None]
    left_out = {name: reason for name, reason in reasons.items() if reason is not None}
    return Publication(_draft(result, rows) if rows else None, left_out)


def _refusal(candidate: Candidate) -> str | None:
    if candidate.simulated:
        return "it is simulated"
    if not is_steady(candidate):
        return "too many of its calls failed"
    if candidate.items < ITEMS_TO_CLAIM:
        return f"{candidate.items} items are fewer than {ITEMS_TO_CLAIM}"
    return None


def _draft(result: Result, rows: list[JsonValue]) -> JsonObject:
    measured = next(one for one in result.candidates if one.latency is not None)
    assert measured.latency is not None
    return {
        "modality": str(result.modality),
        "language": result.language,
        "region": str(result.region),
        "measuredOn": result.started_at.date().isoformat(),
        "dataSet": result.data.digest,
        "what": f"{result.data.items} items of {result.data.name}, side by side, {result.repeats} times each",
        "qualityMetric": measured.quality[0].metric,
        "latencyMetric": measured.latency.metric,
        "normalizer": result.normalizer,
        "recognizer": result.recognizer,
        "rows": rows,
    }


def _row(candidate: Candidate) -> JsonObject:
    quality, latency = candidate.quality[0], candidate.latency
    assert latency is not None
    return {
        "id": candidate.id,
        "mode": "streaming" if candidate.live else "batch",
        "items": candidate.items,
        "calls": candidate.calls,
        "failed": sum(candidate.failures.values()),
        "quality": quality.value,
        "qualityCi95": quality.ci95.model_dump() if quality.ci95 else None,
        "latencyP50Ms": latency.p50,
        "latencyCi95": latency.ci95.model_dump() if latency.ci95 else None,
        "latencyP95Ms": latency.p95,
        "latencyP99Ms": latency.p99,
        "price": ({"unit": candidate.price.unit, "microUsd": candidate.price.micro_usd} if candidate.price else None),
    }
