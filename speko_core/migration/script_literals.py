"""Object literals of TypeScript and JavaScript programs, read as values and never run.

Here is where the literals of a file are found; `script_values` reads them.
"""

import re
from dataclasses import dataclass, field

from speko_core.errors import InvalidInput
from speko_core.migration.paths import Path
from speko_core.migration.script_cursor import Unreadable
from speko_core.migration.script_values import ValueReader
from speko_core.types import JsonValue

_MAX_BYTES = 256 * 1024
_MAX_LITERALS = 200
_SHORT = 20
_START = re.compile(
    r"(?:\b(?:const|let|var)\s+(?P<name>[\w$]+)\s*(?::[^=\n]{1,200})?=\s*|\bexport\s+default\s+|\breturn\s+|[(,]\s*)(?=\{)|"
    r"\bnew\s+(?=[\w$.]+\s*\()|(?=\b(?:llm\.tool|session\.say|session\.generateReply)\s*\()"
)


@dataclass
class Literal:
    """A literal: its value, and the line of each leaf."""

    value: JsonValue
    name: str
    lines: dict[Path, int] = field(default_factory=dict)


class Scanner(ValueReader):
    """Reads literals of one file from given places."""

    def __init__(self, text: str, name: str) -> None:
        if len(text) > _MAX_BYTES:
            raise InvalidInput(f"{name} is over {_MAX_BYTES // 1024} KiB; a voice agent's program is smaller.")
        super().__init__(text)

    def literals(self) -> list[Literal]:
        """Every outermost literal of the file."""
        found: list[Literal] = []
        # Inside code there may be literals of its own, as in a callback.
        ranges = [(0, len(self.text))]
        while ranges and len(found) < _MAX_LITERALS:
            at, end = ranges.pop()
            match = _START.search(self.text, at, end)
            if match is None:
                continue
            self.codes = []
            literal = self._literal(match)
            after = max(self.at if literal else match.end(), match.end(), match.start() + 1)
            ranges.append((after, end))
            if literal is not None:
                found.append(literal)
                ranges += [(start, stop) for start, stop in self.codes if stop - start > _SHORT]
        return sorted(found, key=lambda one: min(one.lines.values(), default=0))

    def _literal(self, match: "re.Match[str]") -> Literal | None:
        self.at, self.lines = match.end(), {}
        if self.text[match.start() :].startswith("new"):
            self.at = match.start()
        try:
            value = self.read_value((), 0)
        except Unreadable:
            return None
        if not isinstance(value, dict) or not value or set(value) == {"code"}:
            return None
        return Literal(value, match.group("name") or "", dict(self.lines))
