"""What the three file formats have in common."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from speko_core.types import JsonObject, JsonValue

Path: TypeAlias = tuple[str | int, ...]
"""Where a value is: names of members; a number is a place in a list, one past the end to append."""


class Unreadable(Exception):
    """The file is not what its name says, or not in a shape that can be edited safely; the text says where."""


class Document(Protocol):
    """One file format. Editing is from text to text, so that comments and formatting stay."""

    def read(self, text: str) -> JsonObject:
        """The values in the file; empty for an empty file.

        Raises:
            Unreadable: it cannot be parsed.
        """
        ...

    def put(self, text: str, path: Path, value: JsonValue) -> str:
        """Set one value whose parent is there, or add it.

        Raises:
            Unreadable: it cannot be put there.
        """
        ...

    def drop(self, text: str, path: Path) -> str:
        """Take one value out that is there.

        Raises:
            Unreadable: it cannot be taken out alone.
        """
        ...


def find(value: JsonValue, path: Sequence[str | int]) -> JsonValue:
    """The value at `path`; None where there is nothing."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def newline_of(text: str) -> str:
    """The line ending in use."""
    return "\r\n" if "\r\n" in text else "\n"
