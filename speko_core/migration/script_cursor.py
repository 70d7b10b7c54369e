"""A place in a program of TypeScript or JavaScript: white space, texts and bracketed parts are passed here."""

import re

from speko_core.errors import InvalidInput
from speko_core.migration import limits

# An honest program is looked at a few times per character; broken nesting would be looked at without end.
_MAX_STEPS = 2_000_000
_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?(?:\*/|\Z))*+", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": ""}
CLOSING = {"{": "}", "[": "]", "(": ")"}


class Unreadable(Exception):
    """Not a literal; carries nothing."""


class Cursor:
    """Reads on from `at`. What is not what it seems to be raises `Unreadable`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._steps = 0

    def _space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _peek(self) -> str:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise InvalidInput("The program is nested beyond what can be read.")
        return self.text[self.at : self.at + 1]

    def _text(self, quote: str) -> str:
        self.at += 1
        parts: list[str] = []
        while True:
            character = self._peek()
            if character == "":
                raise Unreadable
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
            if character in CLOSING:
                stack.append(CLOSING[character])
            elif stack and character == stack[-1]:
                stack.pop()
                if not stack:
                    return self.text[start + 1 : self.at - 1]
            if len(stack) > 4 * limits.MAX_DEPTH:
                raise Unreadable
        raise Unreadable

    def _skip_text(self, quote: str) -> None:
        self.at += 1
        while self.at < len(self.text):
            character = self._peek()
            self.at += 2 if character == "\\" else 1
            if character == quote:
                return
            if character == "\n" and quote != "`":
                return
        raise Unreadable
