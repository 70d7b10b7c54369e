"""Edit distance over words or phones: how far two recognitions of the same audio are apart."""

from collections.abc import Sequence


def error_rate(reference: Sequence[str], heard: Sequence[str]) -> float:
    """Edits that turn `heard` into `reference`, per item of `reference`; 1.0 against an empty reference."""
    if not reference:
        return 0.0 if not heard else 1.0
    row = list(range(len(heard) + 1))
    for index, wanted in enumerate(reference, 1):
        diagonal, row[0] = row[0], index
        for column, got in enumerate(heard, 1):
            cheapest = min(row[column] + 1, row[column - 1] + 1, diagonal + (wanted != got))
            diagonal, row[column] = row[column], cheapest
    return row[-1] / len(reference)
