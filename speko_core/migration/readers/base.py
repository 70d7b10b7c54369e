"""What a reader is: a structural test and a function from a source to the neutral model."""

from collections.abc import Callable
from dataclasses import dataclass

from speko_core.migration.neutral import VoiceAgents
from speko_core.migration.source import Source
from speko_core.types import JsonValue


@dataclass(frozen=True)
class Detection:
    """What a document is. `refused` says why something that looks like it is not read."""

    platform: str
    kind: str
    refused: str | None = None


@dataclass(frozen=True)
class Reader:
    """One platform: how to know its documents, how to read them."""

    platform: str
    title: str
    detect: Callable[[JsonValue], Detection | None]
    read: Callable[[Source, Detection], VoiceAgents]


def has(document: JsonValue, *keys: str) -> bool:
    """Whether `document` is an object with all of these keys."""
    return isinstance(document, dict) and all(key in document for key in keys)


def any_of(document: JsonValue, *keys: str) -> bool:
    """Whether `document` is an object with any of these keys."""
    return isinstance(document, dict) and any(key in document for key in keys)


def part(document: JsonValue, *path: str) -> JsonValue:
    """What stands at a path of keys; null when nothing does."""
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def rows(document: JsonValue) -> list[dict[str, JsonValue]]:
    """The objects of a list."""
    return [item for item in document if isinstance(item, dict)] if isinstance(document, list) else []


def words(text: str) -> frozenset[str]:
    """The words of a text, for lists of names that are read more often than changed."""
    return frozenset(text.split())
