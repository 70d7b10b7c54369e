"""Places in a document."""

from collections.abc import Iterator
from typing import TypeAlias

from speko_core.types import JsonValue

Path: TypeAlias = tuple[str | int, ...]


def leaf_paths(value: JsonValue, path: Path = ()) -> Iterator[Path]:
    """The path of every leaf: a plain value, or an object or array with nothing in it."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaf_paths(item, (*path, key))
    elif isinstance(value, list) and value:
        for at, item in enumerate(value):
            yield from leaf_paths(item, (*path, at))
    else:
        yield path


def pointer(path: Path) -> str:
    """RFC 6901."""
    plain = "/".join(map(str, path))
    if "~" not in plain and plain.count("/") == len(path) - 1:
        return f"/{plain}"
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
