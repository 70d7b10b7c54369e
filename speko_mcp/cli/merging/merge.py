"""Putting one entry into a file and taking it out, in any format, and proving that nothing else changed."""

from collections.abc import Iterator, Sequence
from copy import deepcopy

from speko_core.types import JsonObject, JsonValue
from speko_mcp.cli.merging.document import Document, Path, Unreadable, find


def put_entry(document: Document, text: str, path: Path, entry: JsonObject, owned: Sequence[Path] = ()) -> str:
    """The text with `entry` at `path`.

    Of an entry that is there already, the members in `entry` are set, those in `owned` that `entry` does not have are
    taken out, and the rest stays.

    Raises:
        Unreadable: the file cannot be edited safely.
    """
    before = document.read(text)
    if not isinstance(find(before, path), dict):
        return _checked(document, _add(document, text, path, entry), _with(before, path, entry))
    wanted = before
    for leaf, value in _leaves(entry):
        text, wanted = _set(document, text, (*path, *leaf), value), _with(wanted, (*path, *leaf), value)
    for leaf in owned:
        if find(entry, leaf) is None and find(wanted, (*path, *leaf)) is not None:
            text, wanted = _take(document, text, (*path, *leaf), keep=len(path), values=wanted)
    return _checked(document, text, wanted)


def take_entry(document: Document, text: str, path: Path) -> str:
    """The text without the value at `path`; what held it stays, even empty, where the format can say that.

    Raises:
        Unreadable: the file cannot be edited safely.
    """
    values = document.read(text)
    text, wanted = _take(document, text, path, keep=len(path), values=values)
    return _checked(document, text, wanted, _take_empty(wanted, path[:-1]))


def _add(document: Document, text: str, path: Path, value: JsonValue) -> str:
    """Put a value whose parents may be missing."""
    for length in range(1, len(path)):
        if find(document.read(text), path[:length]) is None:
            empty: JsonValue = [] if isinstance(path[length], int) else {}
            text = document.put(text, path[:length], empty)
    return document.put(text, path, value)


def _set(document: Document, text: str, path: Path, value: JsonValue) -> str:
    return text if find(document.read(text), path) == value else _add(document, text, path, value)


def _take(document: Document, text: str, path: Path, *, keep: int, values: JsonObject) -> tuple[str, JsonObject]:
    """Take a value out, and after it the parents it leaves empty, as long as they are deeper than `keep`."""
    while True:
        text, values = document.drop(text, path), _without(values, path)
        path = path[:-1]
        if len(path) <= keep or find(values, path) != {}:
            return text, values


def _take_empty(values: JsonObject, path: Path) -> JsonObject:
    while path and find(values, path) == {}:
        values, path = _without(values, path), path[:-1]
    return values


def _leaves(value: JsonObject, path: Path = ()) -> Iterator[tuple[Path, JsonValue]]:
    for name, item in value.items():
        if isinstance(item, dict) and item:
            yield from _leaves(item, (*path, name))
        else:
            yield (*path, name), item


def _with(values: JsonObject, path: Path, value: JsonValue) -> JsonObject:
    changed = deepcopy(values)
    at: JsonValue = changed
    for step, following in zip(path[:-1], path[1:], strict=True):
        if isinstance(at, dict) and isinstance(step, str):
            if at.get(step) is None:
                at[step] = [] if isinstance(following, int) else {}
            at = at[step]
        elif isinstance(at, list) and isinstance(step, int):
            at = at[step]
    last = path[-1]
    if isinstance(at, dict) and isinstance(last, str):
        at[last] = value
    elif isinstance(at, list) and isinstance(last, int):
        at[last:] = [value, *at[last + 1 :]]
    else:
        raise Unreadable(f"{'.'.join(map(str, path[:-1]))} has another shape")
    return changed


def _without(values: JsonObject, path: Path) -> JsonObject:
    changed = deepcopy(values)
    parent = find(changed, path[:-1])
    if isinstance(parent, dict):
        parent.pop(str(path[-1]))
    elif isinstance(parent, list) and isinstance(path[-1], int):
        parent.pop(path[-1])
    return changed


def _checked(document: Document, text: str, *wanted: JsonObject) -> str:
    """The text, when it says exactly what was wanted: the last guard of everything else in the file."""
    if document.read(text) not in wanted:
        raise Unreadable("its form cannot be edited safely")
    return text
