"""YAML, edited as text: the parser says where things are, and new lines go there."""

import json
from dataclasses import dataclass

import yaml

from speko_core.types import JsonObject, JsonValue
from speko_mcp.cli.merging.document import Path, Unreadable, newline_of

INDENT = "  "


@dataclass(frozen=True)
class Yaml:
    """One YAML document whose root is a mapping in block style."""

    def read(self, text: str) -> JsonObject:
        """The values of the file.

        Raises:
            Unreadable: it cannot be parsed, or holds something else.
        """
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            raise Unreadable("it is not YAML") from None
        if not isinstance(value, dict | None):
            raise Unreadable("it does not hold a mapping")
        return _plain_object(value or {})

    def put(self, text: str, path: Path, value: JsonValue) -> str:
        """Set one value whose parent is there, or add it after the last one.

        Raises:
            Unreadable: the parent is no mapping.
        """
        root = _compose(text)
        if root is None or (len(path) == 1 and not _members(root)):
            return _after_line(text, len(text), _lines(path[-1], value, ""))
        key, parent = _node(root, path[:-1])
        present = _member(parent, path[-1])
        if present is not None:
            if isinstance(present[1], yaml.ScalarNode) and not isinstance(value, dict | list):
                return _replace(text, present[1], json.dumps(value, ensure_ascii=False))
            return self.put(self.drop(text, path), path, value)
        return _add(text, key, parent, path[-1], value)

    def drop(self, text: str, path: Path) -> str:
        """Take one value out, with its lines.

        Raises:
            Unreadable: it is written in a form that cannot be taken out alone.
        """
        root = _compose(text)
        assert root is not None, "it was found by reading the file"
        key, parent = _node(root, path[:-1])
        found = _member(parent, path[-1])
        assert found is not None, "it was found by reading the file"
        if _is_flow(parent):
            return _drop_from_flow(text, parent, found)
        if len(_members(parent)) == 1 and key is not None:
            return text[: key.end_mark.index] + ": {}" + text[_end(text, parent) :]
        start = text.rfind("\n", 0, found[0].start_mark.index) + 1
        end = text.find("\n", _end(text, found[1]))
        return text[:start] + (text[end + 1 :] if end >= 0 else "")


Pair = tuple[yaml.Node, yaml.Node]


def _compose(text: str) -> yaml.Node | None:
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        raise Unreadable("it is not YAML") from None
    return root


def _members(node: yaml.Node) -> list[Pair]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _member(node: yaml.Node, name: str | int) -> Pair | None:
    return next((pair for pair in _members(node) if pair[0].value == name), None)


def _node(root: yaml.Node, path: Path) -> tuple[yaml.Node | None, yaml.Node]:
    """The node at `path` and the name it stands under."""
    key: yaml.Node | None = None
    for step in path:
        pair = _member(root, step)
        if pair is None:
            raise Unreadable(f"{'.'.join(map(str, path))} has another shape")
        key, root = pair
    return key, root


def _add(text: str, key: yaml.Node | None, parent: yaml.Node, name: str | int, value: JsonValue) -> str:
    members = _members(parent)
    if members and _is_flow(parent):
        place = members[-1][1].end_mark.index
        return f"{text[:place]}, {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}{text[place:]}"
    if members:
        indent = " " * members[0][0].start_mark.column
        return _after_line(text, _end(text, members[-1][1]), _lines(name, value, indent))
    if key is None or not (isinstance(parent, yaml.MappingNode) or parent.value in ("", "~", "null")):
        raise Unreadable("the parent has another shape")
    indent = " " * key.start_mark.column + INDENT
    text = text[: key.end_mark.index] + ":" + text[parent.end_mark.index :] if parent.value != "" else text
    return _after_line(text, key.end_mark.index, _lines(name, value, indent))


def _lines(name: str | int, value: JsonValue, indent: str) -> list[str]:
    label = f"{indent}{_scalar(name)}:"
    if isinstance(value, dict) and value:
        return [label, *(line for key, item in value.items() for line in _lines(key, item, indent + INDENT))]
    return [f"{label} {_scalar(value)}"]


def _scalar(value: JsonValue) -> str:
    """JSON, which is YAML; a plain word where that reads the same."""
    if isinstance(value, str) and value.replace("_", "").replace("-", "").isalpha() and yaml.safe_load(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _after_line(text: str, place: int, lines: list[str]) -> str:
    newline = newline_of(text)
    added = newline.join(lines) + newline
    if place and text[place - 1 : place] == "\n":
        return text[:place] + added + text[place:]
    end = text.find("\n", place)
    if end < 0:
        return text + (newline if text else "") + added
    return text[: end + 1] + added + text[end + 1 :]


def _end(text: str, node: yaml.Node) -> int:
    """Where the last thing in a node ends; the parser's own end includes the comments that follow."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return len(text[:end].rstrip())
    return end


def _replace(text: str, node: yaml.Node, written: str) -> str:
    return text[: node.start_mark.index] + written + text[node.end_mark.index :]


def _drop_from_flow(text: str, parent: yaml.Node, found: Pair) -> str:
    members = _members(parent)
    at = next(place for place, pair in enumerate(members) if pair is found or pair[0] is found[0])
    start, end = found[0].start_mark.index, found[1].end_mark.index
    if at:
        start = members[at - 1][1].end_mark.index
    elif len(members) > 1:
        end = members[1][0].start_mark.index
    return text[:start] + text[end:]


def _plain_object(value: dict[object, object]) -> JsonObject:
    return {str(name): _plain(item) for name, item in value.items()}


def _plain(value: object) -> JsonValue:
    if isinstance(value, dict):
        return _plain_object(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)
