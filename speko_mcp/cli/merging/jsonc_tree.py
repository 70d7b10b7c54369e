"""Where the parts of a JSON file with comments are. Trailing commas are accepted, as clients accept them."""

import json
import re
from dataclasses import dataclass, field
from typing import Literal

from speko_core.types import JsonValue
from speko_mcp.cli.merging.document import Path, Unreadable

MAX_DEPTH = 100
_BLANK = re.compile(r"(?:[ \t\r\n]|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_LITERAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")


@dataclass
class Node:
    """One value: its text is `text[start:end]`."""

    kind: Literal["object", "array", "plain"]
    start: int
    end: int = 0
    plain: JsonValue = None
    members: list["Member"] = field(default_factory=list)

    def value(self) -> JsonValue:
        """The value itself. Of members with the same name the last one counts."""
        if self.kind == "object":
            return {member.name: member.node.value() for member in self.members}
        if self.kind == "array":
            return [member.node.value() for member in self.members]
        return self.plain

    def at(self, step: str | int) -> "Member | None":
        """The member with this name, or at this place of a list."""
        if isinstance(step, int):
            return self.members[step] if self.kind == "array" and step < len(self.members) else None
        named = [member for member in self.members if self.kind == "object" and member.name == step]
        return named[-1] if named else None


@dataclass
class Member:
    """A value in its object or list. `start` is where its name begins; `comma` is the place of the comma after it."""

    name: str
    start: int
    node: Node
    comma: int | None = None


def parse(text: str) -> Node:
    """The tree of a whole file.

    Raises:
        Unreadable: it is not JSON with comments.
    """
    reader = _Reader(text)
    reader.skip()
    node = reader.value(0)
    reader.skip()
    if reader.at != len(text):
        raise reader.unexpected()
    return node


def descend(node: Node, path: Path) -> Node | None:
    """The node at `path`."""
    for step in path:
        member = node.at(step)
        if member is None:
            return None
        node = member.node
    return node


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def skip(self) -> None:
        blank = _BLANK.match(self.text, self.at)
        assert blank is not None
        self.at = blank.end()

    def unexpected(self) -> Unreadable:
        line = self.text.count("\n", 0, self.at) + 1
        return Unreadable(f"line {line} is not JSON")

    def value(self, depth: int) -> Node:
        opening = self.text[self.at : self.at + 1]
        if opening in ("{", "[") and depth < MAX_DEPTH:
            return self._container(opening, depth)
        node = Node("plain", self.at)
        node.plain = self._token(_STRING if opening == '"' else _LITERAL)
        node.end = self.at
        return node

    def _token(self, pattern: re.Pattern[str]) -> JsonValue:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise self.unexpected()
        try:
            value: JsonValue = json.loads(found.group())
        except ValueError:
            raise self.unexpected() from None
        self.at = found.end()
        return value

    def _take(self, mark: str) -> bool:
        taken = self.text.startswith(mark, self.at)
        self.at += len(mark) if taken else 0
        return taken

    def _container(self, opening: str, depth: int) -> Node:
        node = Node("object" if opening == "{" else "array", self.at)
        closing = "}" if opening == "{" else "]"
        self._take(opening)
        self.skip()
        while not self._take(closing):
            if node.members and node.members[-1].comma is None:
                raise self.unexpected()
            node.members.append(self._member(node.kind == "object", depth))
        node.end = self.at
        return node

    def _member(self, is_named: bool, depth: int) -> Member:
        start, name = self.at, ""
        if is_named:
            name = str(self._token(_STRING))
            self.skip()
            if not self._take(":"):
                raise self.unexpected()
            self.skip()
        member = Member(name, start, self.value(depth + 1))
        self.skip()
        member.comma = self.at - 1 if self._take(",") else None
        self.skip()
        return member
