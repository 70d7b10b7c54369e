"""What a version holds, and how two versions differ. Pure."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from speko_core.types import JsonObject, JsonValue

ChangeKind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class Change:
    """One difference; `path` is a JSON Pointer into the content, such as `/intent/language`."""

    path: str
    kind: ChangeKind
    before: JsonValue
    after: JsonValue


def content_of(name: str, config: JsonObject, tools: dict[str, JsonObject]) -> JsonObject:
    """The document of a version: the agent's settings, its name, and its tools by name."""
    return {**config, "name": name, "tools": dict(tools)}


def sha_of(content: JsonObject) -> str:
    """SHA-256 of the canonical JSON, in hex: equal for equal content, whatever the order of its keys."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def changes(before: JsonObject, after: JsonObject) -> list[Change]:
    """Every difference, by path; objects are compared key by key, everything else as a whole."""
    return list(_differences("", before, after))


def _differences(path: str, before: JsonObject, after: JsonObject) -> Iterator[Change]:
    for key in sorted({*before, *after}):
        where = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(where, old, new)
        elif key not in before:
            yield Change(where, "added", None, new)
        elif key not in after:
            yield Change(where, "removed", old, None)
        elif old != new:
            yield Change(where, "changed", old, new)
