"""How measured figures come into a snapshot. Pure; the result is another snapshot, the old one stays what it is.

A measured row takes the place of every row of the same model, language and region, whoever measured it. Rows of other
models stay below, under their own sources: the selector compares the figures of one source only (RTE-18).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from speko_core.providers.base import Modality
from speko_core.routing.snapshot import Row, Snapshot, Source, make_snapshot


@dataclass(frozen=True)
class Change:
    """What becomes of one model's figures. `before` is the row that ranked first."""

    kind: Literal["added", "replaced"]
    before: Row | None
    after: Row


def with_measured(active: Snapshot, modality: Modality, source: Source, rows: Sequence[Row]) -> Snapshot:
    """The active snapshot with these rows of one new source, which ranks before all others."""
    replaced = {(row.id, row.language, row.region) for row in rows}
    kept = [row for row in active.rows.get(modality, ()) if (row.id, row.language, row.region) not in replaced]
    merged = {**active.rows, modality: (*kept, *rows)}
    used = {row.source for found in merged.values() for row in found}
    others = [one for one in active.sources if one.id != source.id and (one.provenance == "imported" or one.id in used)]
    return make_snapshot(merged, [source, *others])


def changes(active: Snapshot, modality: Modality, rows: Sequence[Row]) -> tuple[Change, ...]:
    """What `rows` change, in their order."""
    return tuple(_change(active, modality, row) for row in rows)


def _change(active: Snapshot, modality: Modality, row: Row) -> Change:
    cells = (
        active.cell(modality, source.id, row.language, row.region).get(row.id) for source in active.ranking_sources()
    )
    before = next((found for found in cells if found is not None), None)
    return Change("added" if before is None else "replaced", before, row)
