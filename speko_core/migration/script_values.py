"""Values of a program, read and never run: objects, arrays, texts, numbers, calls and `new`.

Whatever else stands as a value (an arrow function, an expression) becomes `{"code": "…"}`: nothing goes missing.
"""

import re
from bisect import bisect_right

from speko_core.errors import InvalidInput
from speko_core.migration import limits
from speko_core.migration.paths import Path
from speko_core.migration.script_cursor import CLOSING, Cursor, Unreadable
from speko_core.types import JsonObject, JsonValue

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_DOTTED = re.compile(r"[A-Za-z_$][\w$]*(?:\s*\??\.\s*[A-Za-z_$][\w$]*)*")
_NUMBER = re.compile(r"-?(?:0x[0-9a-fA-F]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)")
_TRAILING = re.compile(r"\s*(?:as\s+const\b|as\s+[\w$<>\[\]., |]+|satisfies\s+[\w$<>\[\]., |]+|!)")


class ValueReader(Cursor):
    """Reads a value, and notes the line of each of its leaves, and where code stands that is no value."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lines: dict[Path, int] = {}
        self.codes: list[tuple[int, int]] = []
        self._starts = [match.end() for match in re.finditer(r"\n", text)]
        self._leaves = 0

    def read_value(self, path: Path, depth: int) -> JsonValue:
        """The value that stands here.

        Raises:
            Unreadable: none does.
        """
        if depth > limits.MAX_DEPTH:
            raise Unreadable
        self._space()
        start = self.at
        value = self._plain(path, depth, start)
        self._after_value()
        if self._peek() not in (",", "}", "]", ")", ";", ""):
            if depth == 0:
                return value
            return self._code(path, start)
        return value

    def _after_value(self) -> None:
        match = _TRAILING.match(self.text, self.at)
        if match:
            self.at = match.end()
        self._space()

    def _plain(self, path: Path, depth: int, start: int) -> JsonValue:
        character = self._peek()
        if character == "{":
            return self._object(path, depth)
        if character == "[":
            return self._array(path, depth)
        if character in "\"'`" and character:
            value = self._text(character)
            self._leaf(path, start)
            return value
        number = _NUMBER.match(self.text, self.at)
        if number:
            self.at = number.end()
            self._leaf(path, start)
            return _number(number.group(0))
        return self._named(path, depth, start)

    def _object(self, path: Path, depth: int) -> JsonValue:
        start = self.at
        self.at += 1
        made: JsonObject = {}
        while True:
            self._space()
            if self._peek() == "}":
                self.at += 1
                break
            key = self._key(path, made)
            if key is not None:
                self._forget((*path, key))
                made[key] = self.read_value((*path, key), depth + 1)
            self._space()
            if self._peek() == ",":
                self.at += 1
            elif self._peek() != "}":
                raise Unreadable
        if not made:
            self._leaf(path, start)
        return made

    def _key(self, path: Path, made: JsonObject) -> str | None:
        character = self._peek()
        start = self.at
        if self.text.startswith("...", self.at):
            name = f"...{len(made)}"
            made[name] = self._code((*path, name), start)
            return None
        if character and character in "\"'":
            key = self._text(character)
        else:
            match = _NAME.match(self.text, self.at)
            if match is None:
                raise Unreadable
            key = match.group(0)
            self.at = match.end()
        self._space()
        if self._peek() == ":":
            self.at += 1
            return key
        # Shorthand properties and methods: their value is code elsewhere.
        self._forget((*path, key))
        made[key] = self._code((*path, key), start)
        return None

    def _forget(self, path: Path) -> None:
        for known in [known for known in self.lines if known[: len(path)] == path]:
            del self.lines[known]

    def _array(self, path: Path, depth: int) -> JsonValue:
        start = self.at
        made = self._listed("]", path, depth)
        if not made:
            self._leaf(path, start)
        return made

    def _listed(self, closing: str, path: Path, depth: int) -> list[JsonValue]:
        """Values up to the closing bracket."""
        self.at += 1
        made: list[JsonValue] = []
        while True:
            self._space()
            if self._peek() == closing:
                self.at += 1
                return made
            made.append(self.read_value((*path, len(made)), depth + 1))
            self._space()
            if self._peek() == ",":
                self.at += 1
            elif self._peek() != closing:
                raise Unreadable

    def _named(self, path: Path, depth: int, start: int) -> JsonValue:
        made = re.compile(r"(?:await\s+)?(?:new\s+)?").match(self.text, self.at)
        self.at = made.end() if made else self.at
        match = _DOTTED.match(self.text, self.at)
        if match is None:
            self.at = start
            return self._code(path, start)
        name = re.sub(r"[\s?]+", "", match.group(0))
        self.at = match.end()
        if name in ("true", "false", "null", "undefined"):
            self._leaf(path, start)
            return {"true": True, "false": False}.get(name)
        env = re.match(r"process\.env\.(\w+)$", name)
        self._space()
        if self._peek() == "(":
            return self._call(path, depth, start, name)
        self._leaf((*path, "env" if env else "name"), start)
        return {"env": env.group(1)} if env else {"name": name}

    def _call(self, path: Path, depth: int, start: int, name: str) -> JsonValue:
        self._leaf((*path, "call"), start)
        arguments = self._listed(")", (*path, "args"), depth)
        made: JsonObject = {"call": name}
        if arguments:
            made["args"] = arguments
        return self._chained(path, depth, made)

    def _chained(self, path: Path, depth: int, made: JsonObject) -> JsonValue:
        """`z.string().describe("…")`: what is called on the result is noted by name, a text among it is kept."""
        self._space()
        while self._peek() == "." and depth < limits.MAX_DEPTH:
            chain = re.compile(r"\.\s*([\w$]+)\s*(\()?").match(self.text, self.at)
            if chain is None:
                break
            self.at = chain.end() - (1 if chain.group(2) else 0)
            if not chain.group(2):
                continue
            where = self.at
            inner = self._balanced()
            text = re.fullmatch(r"\s*([\"'`])(.*)\1\s*,?\s*", inner, re.DOTALL)
            key = f".{chain.group(1)}"
            made[key] = text.group(2) if text else (inner.strip()[:200] or True)
            self._forget((*path, key))
            self._leaf((*path, key), where)
            self._space()
        return made

    def _code(self, path: Path, start: int) -> JsonValue:
        self._forget(path)
        self.at = start
        while self.at < len(self.text):
            character = self._peek()
            if character in CLOSING:
                self._balanced()
            elif character in "\"'`":
                self._text(character)
            elif character in ",}])":
                break
            elif self.text.startswith(("//", "/*"), self.at):
                self._space()
            else:
                self.at += 1
        self._leaf((*path, "code"), start)
        self.codes.append((start, self.at))
        return {"code": " ".join(self.text[start : self.at].split())[:200]}

    def _leaf(self, path: Path, start: int) -> None:
        self._leaves += 1
        if self._leaves > limits.MAX_LEAVES:
            raise InvalidInput("The program holds more values than a voice agent has.")
        self.lines[path] = bisect_right(self._starts, start) + 1


def _number(text: str) -> JsonValue:
    plain = text.replace("_", "")
    if plain.lower().startswith(("0x", "-0x")):
        return int(plain, 16)
    try:
        return int(plain) if len(plain) < 19 else float(plain)
    except ValueError:
        return float(plain)
