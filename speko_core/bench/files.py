"""Reading the files of a data set line by line, so that what is wrong can be pointed at."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from speko_core.errors import InvalidInput

MAX_FILE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    """A file, and the line in it, counted from 1."""

    path: Path
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else str(self.path)


class Wrong(InvalidInput):
    """Something in the data set cannot be used; the text begins with where."""

    def __init__(self, place: Place, problem: str) -> None:
        super().__init__(f"{place}: {problem}.")


def content(path: Path) -> bytes:
    """A whole file.

    Raises:
        Wrong: it cannot be read, or is too large to be one recording or list.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise Wrong(Place(path), f"is larger than {MAX_FILE_BYTES // 1024 // 1024} MB")
        return path.read_bytes()
    except OSError as error:
        raise Wrong(Place(path), f"cannot be read ({error.strerror})") from None


def text(path: Path) -> str:
    """A whole file of text.

    Raises:
        Wrong: as `content`, or it is not UTF-8.
    """
    try:
        return content(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Wrong(Place(path), "is not UTF-8 text") from None


def lines(path: Path) -> Iterator[tuple[Place, str]]:
    """Every line with its place."""
    for number, line in enumerate(text(path).split("\n"), 1):
        yield Place(path, number), line.rstrip("\r")


def json_lines(path: Path) -> Iterator[tuple[Place, Mapping[str, object]]]:
    """Every JSON object of a file that has one a line; blank lines are skipped.

    Raises:
        Wrong: a line is something else.
    """
    for place, line in lines(path):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            raise Wrong(place, "is not JSON") from None
        if not isinstance(record, dict):
            raise Wrong(place, "is not a JSON object")
        yield place, record
