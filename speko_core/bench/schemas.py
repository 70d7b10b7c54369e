"""The result of a benchmark, as `--json` prints it and `speko bench publish` reads it."""

from pydantic import Field

from speko_core.providers.base import Modality
from speko_core.routing.intent import Language, Region
from speko_core.routing.snapshot import RowPrice
from speko_core.schemas import Output, WireTime


class Range(Output):
    """A 95 % interval."""

    low: float
    high: float


class QualityFigure(Output):
    """A pooled error rate in percent; lower is better."""

    metric: str
    value: float
    ci95: Range | None = Field(alias="ci95", description="Null for a single item.")


class LatencyFigure(Output):
    """Milliseconds over all answered calls; the interval is of the median of items."""

    metric: str
    p50: float = Field(alias="p50")
    p95: float = Field(alias="p95")
    p99: float = Field(alias="p99")
    ci95: Range | None = Field(alias="ci95", description="Null for a single item.")


class Candidate(Output):
    """What was measured of one model. `quality` has the metric that ranks first; null when no call was answered."""

    id: str
    offline: bool = Field(description="Runs on this machine.")
    simulated: bool = Field(description="Rules that stand for a model; never published.")
    live: bool = Field(description="Heard the recordings in real time.")
    calls: int
    items: int = Field(description="Items with at least one answered call.")
    failures: dict[str, int]
    quality: list[QualityFigure]
    latency: LatencyFigure | None
    cold_ms: float | None = Field(description="Latency of the first call, which is not counted.")
    price: RowPrice | None = Field(description="List price of the catalogue; null when it has none.")
    cost_micro_usd: int | None = Field(description="What the answered calls cost at that price.")


class Comparison(Output):
    """The best candidate against another, on the items that both answered."""

    id: str
    items: int
    difference: float = Field(description="Best minus other; negative is better.")
    interval: Range = Field(description="Of the difference, widened for the number of comparisons.")


class Verdict(Output):
    """Who is best on one axis. `winner` is null unless every interval excludes zero."""

    metric: str
    winner: str | None
    best: str | None
    reason: str
    against: list[Comparison]


class Call(Output):
    """One call: what it got wrong by metric, or why it failed."""

    id: str
    item: str
    repeat: int
    waited_ms: float | None
    errors: dict[str, int] = Field(description="By metric.")
    of: dict[str, int] = Field(description="Words, characters or tasks, by metric.")
    failure: str | None


class DataFacts(Output):
    """What was measured with."""

    name: str
    digest: str
    items: int


class Result(Output):
    """A whole benchmark."""

    modality: Modality
    language: Language
    region: Region
    data: DataFacts
    normalizer: str | None
    recognizer: str | None = Field(description="Who wrote down what was synthesized.")
    repeats: int
    concurrency: int
    seed: int
    started_at: WireTime
    finished_at: WireTime
    interrupted: bool
    candidates: list[Candidate]
    verdicts: list[Verdict]
    calls: list[Call] = Field(description="Every counted call, in the order in which they ended.")
