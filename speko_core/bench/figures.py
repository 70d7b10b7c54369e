"""A result as rows of text, the same in the terminal and in the report."""

from collections.abc import Iterable, Sequence

from speko_core.bench.plot import number
from speko_core.bench.schemas import Candidate, Comparison, Range, Result, Verdict
from speko_core.providers.base import Modality

MICRO = 1_000_000
_NAMES = {
    "wer_pct": "WER %",
    "cer_pct": "CER %",
    "round_trip_cer_pct": "round-trip CER %",
    "round_trip_wer_pct": "round-trip WER %",
    "task_failure_pct": "failed tasks %",
    "end_of_speech_to_final_text": "ms from the end of speech to the final text",
    "time_to_first_audio": "ms to the first audio",
    "time_to_first_token": "ms to the first word or tool call",
}
_PRICES = {Modality.STT: "$/min", Modality.TTS: "$/min", Modality.LLM: "$/1M tokens"}


def name_of(metric: str) -> str:
    """What people call a metric."""
    return _NAMES[metric]


def columns(result: Result) -> list[str]:
    """The head of the table."""
    measured = next((one for one in result.candidates if one.quality), None)
    metrics = [name_of(figure.metric) for figure in measured.quality] if measured else ["quality"]
    return [
        "candidate", metrics[0], "95 %", *metrics[1:], "p50 ms", "95 %", "p95", "p99", _PRICES[result.modality],
        "answered", "failed", "",
    ]  # fmt: skip


def rows(result: Result) -> Iterable[Sequence[str]]:
    """One line a candidate, best first; those without an answer last."""
    width = len(columns(result))
    for one in sorted(
        result.candidates, key=lambda one: (not one.quality, one.quality and one.quality[0].value, one.id)
    ):
        yield [one.id, *_figures(one, width - 5), _price(one), str(_answered(one)), _failed(one), notes(one)]


def _figures(candidate: Candidate, width: int) -> list[str]:
    latency = candidate.latency
    if not candidate.quality or latency is None:
        return ["-"] * width
    first, *others = candidate.quality
    return [
        f"{first.value:.1f}", between(first.ci95), *(f"{figure.value:.1f}" for figure in others),
        f"{latency.p50:.0f}", between(latency.ci95, 0), f"{latency.p95:.0f}", f"{latency.p99:.0f}",
    ]  # fmt: skip


def between(found: Range | None, digits: int = 1) -> str:
    """An interval."""
    return "-" if found is None else f"{found.low:.{digits}f} to {found.high:.{digits}f}"


def _price(candidate: Candidate) -> str:
    return "-" if candidate.price is None else f"{candidate.price.micro_usd / MICRO:.4f}"


def _answered(candidate: Candidate) -> int:
    return candidate.calls - sum(candidate.failures.values())


def _failed(candidate: Candidate) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(candidate.failures.items())) or "0"


def notes(candidate: Candidate) -> str:
    """What must be known of a candidate to read its figures."""
    said = {"simulated": candidate.simulated, "offline": candidate.offline, "live": candidate.live}
    return ", ".join(name for name, holds in said.items() if holds)


def facts(result: Result) -> str:
    """What was measured with, in one line."""
    parts = [
        f"{result.modality.upper()}, {result.language}, {result.region}",
        f"{result.data.items} items of {result.data.name} ({result.data.digest[:15]})",
        *([f"{result.repeats} times each"] if result.repeats > 1 else []),
        *([f"{result.concurrency} items at a time"] if result.concurrency > 1 else []),
        *([f"texts by {result.normalizer}"] if result.normalizer else []),
        *([f"written down by {result.recognizer}"] if result.recognizer else []),
        f"seed {result.seed}",
        *(["INTERRUPTED"] if result.interrupted else []),
    ]
    return "; ".join(parts)


def cost(result: Result) -> str:
    """What the answered calls cost, as far as the catalogue knows."""
    known = [one.cost_micro_usd for one in result.candidates if one.cost_micro_usd is not None]
    unknown = [one.id for one in result.candidates if one.cost_micro_usd is None]
    said = f"The answered calls cost ${sum(known) / MICRO:.4f} at list prices."
    return said + (f" No price is known of {', '.join(unknown)}." if unknown else "")


def sentence(verdict: Verdict) -> str:
    """Who is best, or why nobody is said to be."""
    metric = name_of(verdict.metric)
    if verdict.winner is None:
        best = f"{verdict.best}: " if verdict.best else ""
        return f"{metric}: no winner. {best}{verdict.reason}."
    return f"{metric}: {verdict.winner} is best. " + " ".join(map(_against, verdict.against))


def _against(one: Comparison) -> str:
    span = f"{number(-one.interval.high)} to {number(-one.interval.low)}"
    return f"{one.id} is worse by {number(-one.difference)} ({span}) on {one.items} items."
