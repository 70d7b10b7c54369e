"""Edit distance: how many words or characters must change to make one text of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from speko_core.late import LateModule

if TYPE_CHECKING:
    import numpy as np
else:
    np = LateModule("numpy")


@dataclass(frozen=True)
class Score:
    """So many errors among so many words, characters or tasks. There can be more errors than words."""

    errors: int
    of: int


def compared(reference: Sequence[str], heard: Sequence[str]) -> Score:
    """Errors of `heard` against a reference that is not empty."""
    return Score(edit_distance(reference, heard), len(reference))


def edit_distance(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest insertions, deletions and substitutions, each counted as one (Levenshtein)."""
    numbers: dict[str, int] = {}
    first, second = (
        np.array([numbers.setdefault(token, len(numbers)) for token in tokens], dtype=np.int64)
        for tokens in (reference, heard)
    )
    places = np.arange(len(second) + 1)
    row = places.copy()
    for deleted, token in enumerate(first, 1):
        best = np.empty_like(row)
        best[0] = deleted
        best[1:] = np.minimum(row[1:] + 1, row[:-1] + (second != token))
        # Insertions run along the row: each place costs one more than the best place before it.
        row = np.minimum.accumulate(best - places) + places
    return int(row[-1])
