"""Answers that fit a model's context: lists come in pages, texts are cut, and every cut is marked (MCP-8)."""

import json
from dataclasses import dataclass, field
from typing import cast

from speko_core.errors import FieldProblem, InvalidInput
from speko_core.types import JsonObject, JsonValue

# Characters of JSON; about ten thousand tokens, where clients begin to warn about large answers.
CEILING = 40_000
PAGE_ITEMS = 50
_LONG_TEXT = CEILING // 2
_SHORT_TEXT = 2_000


def size_of(value: JsonValue) -> int:
    """Characters of the value as compact JSON."""
    return len(render(value))


def render(value: JsonValue) -> str:
    """Compact JSON, with letters of every script as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Page:
    """Some items of a list, and the cursor of the rest."""

    items: list[JsonValue]
    next_cursor: str | None


def page_of(items: list[JsonValue], cursor: str | None) -> Page:
    """The items after `cursor` that fit one answer; always at least one.

    Raises:
        InvalidInput: the cursor is not one of ours.
    """
    start = _offset(cursor)
    taken, size = 0, 0
    for item in items[start : start + PAGE_ITEMS]:
        size += size_of(item)
        if taken and size > CEILING:
            break
        taken += 1
    end = start + taken
    return Page(items[start:end], str(end) if end < len(items) else None)


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        problem = FieldProblem("cursor", "must be the next_cursor of an earlier page")
        raise InvalidInput("cursor must be the next_cursor of an earlier page", fields=[problem])
    return int(cursor)


@dataclass
class _Cutter:
    """Cuts one value to size and remembers where."""

    marks: JsonObject = field(default_factory=dict)
    _totals: dict[str, int] = field(default_factory=dict)

    def shorten_texts(self, value: JsonValue, limit: int, path: str = "") -> JsonValue:
        """A copy in which no text is longer than `limit`."""
        if isinstance(value, str) and len(value) > limit:
            total = self._totals.setdefault(path, len(value))
            self.marks[path] = f"first {limit} of {total} characters"
            return value[:limit]
        if isinstance(value, dict):
            return {key: self.shorten_texts(part, limit, _join(path, key)) for key, part in value.items()}
        if isinstance(value, list):
            return [self.shorten_texts(part, limit, _join(path, str(index))) for index, part in enumerate(value)]
        return value

    def shorten_lists(self, value: JsonObject, ceiling: int) -> None:
        """Halve the largest list, in place, until the whole fits or no list is left to shorten."""
        while size_of(value) > ceiling:
            largest = _largest_list(value)
            if largest is None:
                return
            path, items = largest
            total = self._totals.setdefault(path, len(items))
            del items[len(items) // 2 :]
            self.marks[path] = f"first {len(items)} of {total} items; ask for fewer at a time"


def _join(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def _largest_list(value: JsonObject, prefix: str = "") -> tuple[str, list[JsonValue]] | None:
    found: list[tuple[str, list[JsonValue]]] = []
    for key, part in value.items():
        if isinstance(part, list) and len(part) > 1:
            found.append((_join(prefix, key), part))
        elif isinstance(part, dict) and (inner := _largest_list(part, _join(prefix, key))) is not None:
            found.append(inner)
    return max(found, key=lambda entry: size_of(entry[1])) if found else None


def fit(value: JsonObject, ceiling: int = CEILING) -> JsonObject:
    """The value as it is, or cut below `ceiling` with a `truncated` field that says what was left out."""
    if size_of(value) <= ceiling:
        return value
    cutter = _Cutter()
    for limit in (_LONG_TEXT, _SHORT_TEXT):
        value = cast(JsonObject, cutter.shorten_texts(value, limit))
        if size_of(value) <= ceiling:
            break
    cutter.shorten_lists(value, ceiling)
    return {**value, "truncated": cutter.marks}
