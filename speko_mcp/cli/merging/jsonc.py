"""JSON with comments, edited as text: a new value is inserted in the style around it, and nothing else moves."""

import json
import re
from dataclasses import dataclass

from speko_core.types import JsonObject, JsonValue
from speko_mcp.cli.merging.document import Path, Unreadable, newline_of
from speko_mcp.cli.merging.jsonc_tree import Member, Node, descend, parse

_INDENT = re.compile(r"^[ \t]*", re.MULTILINE)
_FIRST_INDENT = re.compile(r"\n([ \t]+)[^\s]")
_REST_OF_LINE = re.compile(r"(?:[ \t]|/\*[^\n]*?\*/)*(?://[^\r\n]*)?")


@dataclass(frozen=True)
class Jsonc:
    """JSON, with or without comments and trailing commas."""

    def read(self, text: str) -> JsonObject:
        """The values of the file.

        Raises:
            Unreadable: it cannot be parsed, or is no object.
        """
        if not text.strip():
            return {}
        value = parse(text).value()
        if not isinstance(value, dict):
            raise Unreadable("it does not hold a JSON object")
        return value

    def put(self, text: str, path: Path, value: JsonValue) -> str:
        """Set one value whose parent is there, or add it after the last one.

        Raises:
            Unreadable: the parent is no object or list.
        """
        text = text if text.strip() else "{}" + (text or "\n")
        parent = _container(text, path)
        present = parent.at(path[-1])
        if present is None:
            return _insert(text, parent, path[-1], value)
        start, end = present.node.start, present.node.end
        return text[:start] + _write(text, value, _indent_at(text, present.start)) + text[end:]

    def drop(self, text: str, path: Path) -> str:
        """Take one value out, with its line; every one of that name, where there are several.

        Raises:
            Unreadable: the parent is no object or list.
        """
        parent = _container(text, path)
        member = parent.at(path[-1])
        assert member is not None, "it was found by reading the file"
        text = _remove(text, parent, member)
        is_hidden = isinstance(path[-1], str) and _container(text, path).at(path[-1]) is not None
        return self.drop(text, path) if is_hidden else text


def _container(text: str, path: Path) -> Node:
    node = descend(parse(text), path[:-1])
    if node is None or node.kind != ("array" if isinstance(path[-1], int) else "object"):
        raise Unreadable(f"{'.'.join(map(str, path[:-1]))} has another shape")
    return node


def _insert(text: str, parent: Node, step: str | int, value: JsonValue) -> str:
    if not parent.members:
        return _insert_first(text, parent, step, value)
    last = parent.members[-1]
    if "\n" not in text[parent.start : last.start]:
        place = last.node.end
        return f"{text[:place]}, {_named(step, json.dumps(value, ensure_ascii=False))}{text[place:]}"
    indent = _indent_at(text, last.start)
    written = newline_of(text) + indent + _named(step, _write(text, value, indent))
    after = last.node.end if last.comma is None else last.comma + 1
    rest = _REST_OF_LINE.match(text, after)
    line_end = rest.end() if rest else after
    if text[line_end : line_end + 1] not in ("\r", "\n"):
        line_end = after
    if last.comma is None:
        return f"{text[:after]},{text[after:line_end]}{written}{text[line_end:]}"
    return f"{text[:line_end]}{written},{text[line_end:]}"


def _insert_first(text: str, parent: Node, step: str | int, value: JsonValue) -> str:
    outer, newline = _indent_at(text, parent.start), newline_of(text)
    indent = outer + _unit(text)
    kept = text[parent.start + 1 : parent.end - 1].rstrip()
    written = newline + indent + _named(step, _write(text, value, indent)) + newline + outer
    return text[: parent.start + 1] + kept + written + text[parent.end - 1 :]


def _remove(text: str, parent: Node, member: Member) -> str:
    at = parent.members.index(member)
    end = member.node.end if member.comma is None else member.comma + 1
    before = parent.members[at - 1] if at else None
    start, end = _line_of(text, member.start, end)
    text = text[:start] + text[end:]
    if member.comma is None and before is not None:
        assert before.comma is not None
        text = text[: before.comma] + text[before.comma + 1 :]
    return text


def _line_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with its own line break before it; without one, with the blanks before it."""
    lead = start - len(text[:start]) + len(text[:start].rstrip(" \t"))
    rest = _REST_OF_LINE.match(text, end)
    line_end = rest.end() if rest else end
    if not text[:lead].endswith("\n"):
        return lead, end
    if text[line_end : line_end + 1] in ("\r", "\n", ""):
        return len(text[:lead].removesuffix("\n").removesuffix("\r")), line_end
    return start, end + len(text[end:]) - len(text[end:].lstrip(" \t"))


def _indent_at(text: str, place: int) -> str:
    indent = _INDENT.match(text, text.rfind("\n", 0, place) + 1)
    return indent.group() if indent else ""


def _unit(text: str) -> str:
    found = _FIRST_INDENT.search(text)
    return found.group(1) if found else "  "


def _write(text: str, value: JsonValue, indent: str) -> str:
    lines = json.dumps(value, indent=_unit(text), ensure_ascii=False).split("\n")
    return (newline_of(text) + indent).join(lines)


def _named(step: str | int, value: str) -> str:
    return value if isinstance(step, int) else f"{json.dumps(step, ensure_ascii=False)}: {value}"
