"""CSV: each row with the names of its columns, so that it can be understood alone."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from speko_core.knowledge.passages import Block
from speko_core.knowledge.reading.failure import Unreadable
from speko_core.knowledge.reading.text import decoded

_SAMPLE_CHARS = 8_192
_DELIMITERS = ",;\t|"


def read(path: Path) -> Iterator[Block]:
    """One block a row; the first row names the columns.

    Raises:
        Unreadable: it is not a table, or a cell is larger than the parser takes.
    """
    text = decoded(path.read_bytes())
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text[:_SAMPLE_CHARS]))
    try:
        names = next(rows, [])
        for row in rows:
            cells = [(name.strip(), cell.strip()) for name, cell in zip(_padded(names, len(row)), row, strict=False)]
            yield Block("\n".join(f"{name}: {cell}" if name else cell for name, cell in cells if cell))
    except csv.Error:
        raise Unreadable("The table is broken.") from None


def _delimiter(sample: str) -> str:
    first = sample.partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def _padded(names: list[str], width: int) -> list[str]:
    return names + [""] * (width - len(names))
