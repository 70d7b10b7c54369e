"""Requests and answers about snapshots: what was measured, what it would change, what was published."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from speko_core.providers.base import Modality
from speko_core.routing.intent import Language, Region
from speko_core.routing.snapshot import Provenance
from speko_core.schemas import Input, Output, StrictInput, WireTime

Amount = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
ModelId = Annotated[str, Field(pattern=r"^[^:\s]{1,80}:\S{1,119}$", description="`vendor:model`.")]


class MeasuredPrice(StrictInput):
    """A list price."""

    unit: Literal["minute", "1m_tokens_blended", "conversation_minute"]
    micro_usd: int = Field(ge=0, le=10**12)


class Bounds(StrictInput):
    """A 95 % interval."""

    low: Amount
    high: Amount


class MeasuredRow(StrictInput):
    """The figures of one model. Quality is an error rate: lower is better."""

    id: ModelId
    mode: Literal["batch", "streaming"] = "batch"
    items: int = Field(ge=1, description="Items with an answer.")
    calls: int = Field(ge=1)
    failed: int = Field(0, ge=0)
    quality: Amount = Field(description="Error rate in percent.")
    quality_ci95: Bounds | None = Field(None, alias="qualityCi95")
    latency_p50_ms: Amount = Field(alias="latencyP50Ms")
    latency_ci95: Bounds | None = Field(None, alias="latencyCi95")
    latency_p95_ms: Amount = Field(alias="latencyP95Ms")
    latency_p99_ms: Amount = Field(alias="latencyP99Ms")
    price: MeasuredPrice | None = None


class SnapshotDraft(Input):
    """One benchmark of this installation's operator. All rows were measured with the same data, side by side."""

    modality: Modality
    language: Language
    region: Region = Field(Region.GLOBAL, description="Where it was measured from; `global` when that does not matter.")
    measured_on: date
    data_set: str = Field(pattern=r"^sha256:[0-9a-f]{64}$", description="Hash of what was measured with.")
    what: str = Field("", max_length=500, description="What was measured, for people.")
    quality_metric: Name
    latency_metric: Name
    normalizer: Name | None = None
    recognizer: Name | None = None
    rows: Annotated[tuple[MeasuredRow, ...], Field(min_length=1, max_length=200)]


class SnapshotPublish(SnapshotDraft):
    """A benchmark to route by from now."""

    based_on: str | None = Field(
        None, max_length=80, description="The `basedOn` of a preview: refuse if another snapshot is active by now."
    )


class SnapshotRef(Input):
    """Names one snapshot."""

    scores_run_id: str = Field(max_length=80)


class SnapshotQuery(Input):
    """How many."""

    limit: int = Field(20, ge=1, le=100)


class Figures(Output):
    """A model's figures as a snapshot has them."""

    source: str
    date: str
    quality: float | None
    quality_metric: str | None
    latency_p50_ms: float | None = Field(alias="latencyP50Ms")
    latency_metric: str | None
    price_micro_usd: int | None


class RowChange(Output):
    """What becomes of one model's figures."""

    id: str
    change: Literal["added", "replaced"]
    before: Figures | None
    after: Figures


class Place(Output):
    """A model in a chain; without a score it follows those that have one."""

    id: str
    score: float | None


class SnapshotPreview(Output):
    """What a benchmark would change. The chains are those of the `balanced` preset for its language and region."""

    scores_run_id: str = Field(description="The snapshot that would be active.")
    based_on: str = Field(description="The snapshot that is active now.")
    changes: list[RowChange]
    chain_before: list[Place]
    chain_after: list[Place]


class SnapshotSource(Output):
    """Who measured."""

    id: str
    provenance: Provenance
    who: str
    what: str
    read: str


class SnapshotRow(Output):
    """A snapshot that was published here, or the shipped one."""

    scores_run_id: str
    active: bool
    published_at: WireTime | None = Field(description="Null for the shipped snapshot, until it was activated by hand.")
    rows: int
    sources: list[SnapshotSource]


class SnapshotList(Output):
    """The newest first."""

    snapshots: list[SnapshotRow]
