"""TOML: a new table is appended as text and taken out as text; single values are edited by tomlkit.

tomlkit counts a comment after a table as part of it, so taking a table out with it would lose what somebody wrote.
"""

import re
import tomllib
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Item

from speko_core.types import JsonObject, JsonValue
from speko_mcp.cli.merging.document import Path, Unreadable, newline_of

_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Toml:
    """TOML 1.0, in which entries are tables of their own."""

    def read(self, text: str) -> JsonObject:
        """The values of the file; times as text.

        Raises:
            Unreadable: it cannot be parsed.
        """
        try:
            values = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise Unreadable(f"it is not TOML: {error}") from None
        return {name: _plain(value) for name, value in values.items()}

    def put(self, text: str, path: Path, value: JsonValue) -> str:
        """Append a table, or set one value.

        Raises:
            Unreadable: the parent is no table.
        """
        if isinstance(value, dict) and (len(path) == 1 or (len(path) == 2 and not self._is_inline(text, path))):
            return _append(text, path, value) if value else text
        return self._put_with_tomlkit(text, path, value)

    def drop(self, text: str, path: Path) -> str:
        """Take out a table with its header, or one value.

        Raises:
            Unreadable: it is written in a form that cannot be taken out alone.
        """
        spans = [(start, end) for header, start, end in _tables(text) if header[: len(path)] == path]
        if not spans:
            return self._drop_with_tomlkit(text, path)
        for start, end in reversed(spans):
            before = text[:start].removesuffix(newline_of(text)) if _ends_blank(text[:start]) else text[:start]
            text = (text[:start] if text[end:] else before) + text[end:]
        return text

    def _is_inline(self, text: str, path: Path) -> bool:
        """Whether the parent is written where no table can be appended to it."""
        try:
            tomllib.loads(_append(text, path, {"probe": True}))
        except tomllib.TOMLDecodeError:
            return True
        return False

    def _put_with_tomlkit(self, text: str, path: Path, value: JsonValue) -> str:
        document, parent = _parent(text, path)
        parent[str(path[-1])] = _inline(value)
        return tomlkit.dumps(document)

    def _drop_with_tomlkit(self, text: str, path: Path) -> str:
        document, parent = _parent(text, path)
        del parent[str(path[-1])]
        return tomlkit.dumps(document)


def _parent(text: str, path: Path) -> tuple[tomlkit.TOMLDocument, MutableMapping[str, object]]:
    """The document, and in it the table that holds `path`. Tables may stand in pieces all over the file."""
    try:
        document = tomlkit.parse(text)
        at: object = document
        for step in path[:-1]:
            at = at[str(step)] if isinstance(at, MutableMapping) else None
    except (TOMLKitError, KeyError) as error:
        raise Unreadable(f"it cannot be edited: {type(error).__name__}") from None
    if not isinstance(at, MutableMapping):
        raise Unreadable(f"{'.'.join(map(str, path[:-1]))} has another shape")
    return document, at


def _ends_blank(text: str) -> bool:
    return text.replace("\r", "").endswith("\n\n") or text in ("\n", "\r\n")


def _append(text: str, path: Path, value: JsonObject) -> str:
    newline = newline_of(text)
    lines = [f"[{'.'.join(_key(str(step)) for step in path)}]"]
    lines += [f"{_key(name)} = {_inline(item).as_string()}" for name, item in value.items()]
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return text + gap + newline.join(lines) + newline


def _inline(value: JsonValue) -> Item:
    if not isinstance(value, dict):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    for name, item in value.items():
        table.append(name, _inline(item))
    return table


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else tomlkit.item(name).as_string()


def _tables(text: str) -> Iterator[tuple[Path, int, int]]:
    """Every table: its name, where its header starts, where its last statement ends.

    A line that looks like a header is one when the text before it is whole; inside a long string or list it is not.
    """
    starts = [
        found.start() for found in re.finditer(r"^[ \t]*\[", text, re.MULTILINE) if _is_whole(text[: found.start()])
    ]
    for start, following in zip(starts, [*starts, len(text)][1:], strict=True):
        header = text[start:].split("\n", 1)[0].rstrip("\r")
        yield _name(tomllib.loads(header)), start, start + _statements_end(text[start:following])


def _is_whole(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _name(header: object) -> Path:
    names: list[str] = []
    while isinstance(header, dict | list) and header:
        if isinstance(header, list):
            header = header[0]
            continue
        name, header = next(iter(header.items()))
        names.append(name)
    return tuple(names)


def _statements_end(table: str) -> int:
    """Where blank lines and comments begin that follow the last statement."""
    lines = table.splitlines(keepends=True)
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return sum(map(len, lines))


def _plain(value: object) -> JsonValue:
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str) else str(value)
