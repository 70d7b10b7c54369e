"""Object literals of TypeScript and JavaScript programs, read as values and never run.

A small scanner: objects, arrays, texts, numbers, template texts, calls and `new`. Whatever else stands as a value (an
arrow function, an expression) becomes `{"code": "…"}`, so that nothing goes missing.
"""

import re
from dataclasses import dataclass, field

from speko_core.errors import InvalidInput
from speko_core.migration import limits
from speko_core.migration.paths import Path
from speko_core.types import JsonObject, JsonValue

_MAX_BYTES = 256 * 1024
_MAX_LITERALS = 200
_SHORT = 20
# An honest program is looked at a few times per character; broken nesting would be looked at without end.
_MAX_STEPS = 2_000_000
_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?(?:\*/|\Z))*+", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_DOTTED = re.compile(r"[A-Za-z_$][\w$]*(?:\s*\??\.\s*[A-Za-z_$][\w$]*)*")
_NUMBER = re.compile(r"-?(?:0x[0-9a-fA-F]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)")
_START = re.compile(
    r"(?:\b(?:const|let|var)\s+(?P<name>[\w$]+)\s*(?::[^=\n]{1,200})?=\s*|\bexport\s+default\s+|\breturn\s+|[(,]\s*)(?=\{)|"
    r"\bnew\s+(?=[\w$.]+\s*\()|(?=\b(?:llm\.tool|session\.say|session\.generateReply)\s*\()"
)
_TRAILING = re.compile(r"\s*(?:as\s+const\b|as\s+[\w$<>\[\]., |]+|satisfies\s+[\w$<>\[\]., |]+|!)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": ""}
_CLOSING = {"{": "}", "[": "]", "(": ")"}


@dataclass
class Literal:
    """A literal: its value, and the line of each leaf."""

    value: JsonValue
    name: str
    lines: dict[Path, int] = field(default_factory=dict)


class _Unreadable(Exception):
    """Not a literal; carries nothing."""


class Scanner:
    """Reads literals of one file from given places."""

    def __init__(self, text: str, name: str) -> None:
        if len(text) > _MAX_BYTES:
            raise InvalidInput(f"{name} is over {_MAX_BYTES // 1024} KiB; a voice agent's program is smaller.")
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._starts = [match.end() for match in re.finditer(r"\n", text)]
        self._leaves = 0
        self._steps = 0
        self._codes: list[tuple[int, int]] = []

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
            self._codes = []
            literal = self._literal(match)
            after = max(self.at if literal else match.end(), match.end(), match.start() + 1)
            ranges.append((after, end))
            if literal is not None:
                found.append(literal)
                ranges += [(start, stop) for start, stop in self._codes if stop - start > _SHORT]
        return sorted(found, key=lambda one: min(one.lines.values(), default=0))

    def _literal(self, match: "re.Match[str]") -> Literal | None:
        self.at, self.lines = match.end(), {}
        if self.text[match.start() :].startswith("new"):
            self.at = match.start()
        try:
            value = self._value((), 0)
        except _Unreadable:
            return None
        if not isinstance(value, dict) or not value or set(value) == {"code"}:
            return None
        return Literal(value, match.group("name") or "", dict(self.lines))

    def _space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _peek(self) -> str:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise InvalidInput("The program is nested beyond what can be read.")
        return self.text[self.at : self.at + 1]

    def _leaf(self, path: Path, start: int) -> None:
        self._leaves += 1
        if self._leaves > limits.MAX_LEAVES:
            raise InvalidInput("The program holds more values than a voice agent has.")
        low, high = 0, len(self._starts)
        while low < high:
            middle = (low + high) // 2
            if self._starts[middle] <= start:
                low = middle + 1
            else:
                high = middle
        self.lines[path] = low + 1

    def _value(self, path: Path, depth: int) -> JsonValue:
        if depth > limits.MAX_DEPTH:
            raise _Unreadable
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
                made[key] = self._value((*path, key), depth + 1)
            self._space()
            if self._peek() == ",":
                self.at += 1
            elif self._peek() != "}":
                raise _Unreadable
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
                raise _Unreadable
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
        self.at += 1
        made: list[JsonValue] = []
        while True:
            self._space()
            if self._peek() == "]":
                self.at += 1
                break
            made.append(self._value((*path, len(made)), depth + 1))
            self._space()
            if self._peek() == ",":
                self.at += 1
            elif self._peek() != "]":
                raise _Unreadable
        if not made:
            self._leaf(path, start)
        return made

    def _text(self, quote: str) -> str:
        self.at += 1
        parts: list[str] = []
        while True:
            character = self._peek()
            if character == "":
                raise _Unreadable
            self.at += 1
            if character == quote:
                return "".join(parts)
            if character == "\\":
                parts.append(self._escape())
            elif quote == "`" and character == "$" and self._peek() == "{":
                inner = self._balanced()
                parts.append("{{" + (re.sub(r"\W+", "_", inner).strip("_")[:40] or "value") + "}}")
            else:
                parts.append(character)

    def _escape(self) -> str:
        character = self._peek()
        self.at += 1
        if character == "u":
            match = re.match(r"([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\}", self.text[self.at : self.at + 8])
            if match:
                self.at += match.end()
                code = int(match.group(1) or match.group(2), 16)
                return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
        return "" if character == "\n" else _ESCAPES.get(character, character)

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
        self.at += 1
        self._leaf((*path, "call"), start)
        arguments: list[JsonValue] = []
        while True:
            self._space()
            if self._peek() == ")":
                self.at += 1
                break
            arguments.append(self._value((*path, "args", len(arguments)), depth + 1))
            self._space()
            if self._peek() == ",":
                self.at += 1
            elif self._peek() != ")":
                raise _Unreadable
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
            if character in _CLOSING:
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
        self._codes.append((start, self.at))
        return {"code": " ".join(self.text[start : self.at].split())[:200]}

    def _balanced(self) -> str:
        """Skip a bracketed part, texts and comments inside it included; answers what is inside."""
        start = self.at
        stack: list[str] = []
        while self.at < len(self.text):
            character = self._peek()
            if character in "\"'`" and character:
                self._skip_text(character)
                continue
            if self.text.startswith(("//", "/*"), self.at):
                self._space()
                continue
            self.at += 1
            if character in _CLOSING:
                stack.append(_CLOSING[character])
            elif stack and character == stack[-1]:
                stack.pop()
                if not stack:
                    return self.text[start + 1 : self.at - 1]
            if len(stack) > 4 * limits.MAX_DEPTH:
                raise _Unreadable
        raise _Unreadable

    def _skip_text(self, quote: str) -> None:
        self.at += 1
        while self.at < len(self.text):
            character = self._peek()
            self.at += 2 if character == "\\" else 1
            if character == quote:
                return
            if character == "\n" and quote != "`":
                return
        raise _Unreadable


def _number(text: str) -> JsonValue:
    plain = text.replace("_", "")
    if plain.lower().startswith(("0x", "-0x")):
        return int(plain, 16)
    try:
        return int(plain) if len(plain) < 19 else float(plain)
    except ValueError:
        return float(plain)
