"""Benchmark figures as an immutable snapshot, identified by its content (`scoresRunId`, RTE-11).

The shipped seed holds public figures marked `imported`, each with its source and date. Sources never share an axis:
the order of `sources.json` says which one ranks, measured ones before imported ones (RTE-18).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter

from speko_core.providers.base import Modality

Status = Literal["production", "warned", "provisional"]
Provenance = Literal["measured", "imported"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quality(_Frozen):
    """A quality figure in the source's own metric."""

    metric: str
    value: float
    higher_is_better: bool


class Latency(_Frozen):
    """Median time to the first result, in milliseconds, the measurer's network included."""

    metric: str
    p50_ms: float


class RowPrice(_Frozen):
    """Integer micro-USD per `unit`. `1m_tokens_blended` weighs input to output 3:1."""

    unit: Literal["minute", "1m_tokens_blended", "conversation_minute"]
    micro_usd: int


class Measurement(_Frozen):
    """How an operator's own figures came about: with what, how often, and how far they may be off."""

    data_set: str
    items: int
    calls: int
    failed: int
    normalizer: str | None
    recognizer: str | None
    quality_ci95: tuple[float, float] | None
    latency_ci95: tuple[float, float] | None
    p95_ms: float
    p99_ms: float


class Row(_Frozen):
    """One measurement by one source. None means not measured, never zero."""

    id: str
    language: str
    region: str
    mode: str
    status: Status
    source: str
    date: str
    quality: Quality | None
    latency: Latency | None
    price: RowPrice | None
    # Absent where others measured; an absent one is no part of the content, so older hashes stay what they are.
    measurement: Measurement | None = None


class Source(_Frozen):
    """Who measured, where it can be read, and when it was read."""

    id: str
    provenance: Provenance
    who: str
    where: str
    what: str
    read: str


Cell = tuple[Modality, str, str, str]
_ROWS = TypeAdapter(tuple[Row, ...])
_SOURCES = TypeAdapter(tuple[Source, ...])


@dataclass(frozen=True)
class Snapshot:
    """All rows by modality and their sources in ranking order. Equal content has an equal `scores_run_id`."""

    rows: Mapping[Modality, tuple[Row, ...]]
    sources: tuple[Source, ...]

    @cached_property
    def scores_run_id(self) -> str:
        """A hash of the content, so a decision can be replayed from the snapshot it names."""
        rows = {str(modality): sorted(_canonical(row) for row in found) for modality, found in self.rows.items()}
        content = orjson.dumps([rows, [_canonical(source) for source in self.sources]], option=orjson.OPT_SORT_KEYS)
        return f"scores_{hashlib.sha256(content).hexdigest()[:16]}"

    @cached_property
    def _cells(self) -> Mapping[Cell, Mapping[str, Row]]:
        cells: dict[Cell, dict[str, Row]] = {}
        for modality, rows in self.rows.items():
            for row in rows:
                cells.setdefault((modality, row.source, row.language, row.region), {})[row.id] = row
        return cells

    @cached_property
    def _ranking_order(self) -> tuple[Source, ...]:
        return tuple(sorted(self.sources, key=lambda source: source.provenance != "measured"))

    @cached_property
    def _known(self) -> Mapping[Modality, frozenset[str]]:
        return {modality: frozenset(row.id for row in rows) for modality, rows in self.rows.items()}

    def ranking_sources(self) -> tuple[Source, ...]:
        """Sources in the order in which they may rank: measured first."""
        return self._ranking_order

    def cell(self, modality: Modality, source: str, language: str, region: str) -> Mapping[str, Row]:
        """Rows by candidate id that may be compared with each other."""
        return self._cells.get((modality, source, language, region), {})

    def ids(self, modality: Modality) -> frozenset[str]:
        """Every candidate the snapshot has any row for."""
        return self._known.get(modality, frozenset())


def _canonical(model: BaseModel) -> str:
    return orjson.dumps(model.model_dump(exclude_defaults=True), option=orjson.OPT_SORT_KEYS).decode()


def make_snapshot(rows: Mapping[Modality, Iterable[Row]], sources: Iterable[Source]) -> Snapshot:
    """Build a snapshot; the order of the rows does not matter, the order of the sources does."""
    return Snapshot({modality: tuple(found) for modality, found in rows.items()}, tuple(sources))


@cache
def seed_snapshot() -> Snapshot:
    """The snapshot shipped with the package. Fails loudly on a malformed file: it is our own data."""
    folder = resources.files("speko_core.routing") / "seed"
    rows = {modality: _ROWS.validate_json((folder / f"{modality}.json").read_bytes()) for modality in Modality}
    return make_snapshot(rows, _SOURCES.validate_json((folder / "sources.json").read_bytes()))
