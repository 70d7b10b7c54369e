"""JSON as people write it: comments, trailing commas, doubled keys; bounded before it is parsed."""

import json
import math
import re
from typing import cast

from speko_core.errors import InvalidInput
from speko_core.migration import limits
from speko_core.migration.secrets import scrub_text
from speko_core.types import JsonObject, JsonValue


def parse_json(text: str, name: str) -> JsonValue:
    """JSON, with comments and trailing commas as editors allow them.

    Raises:
        InvalidInput: malformed, too deep, or a key stands twice in one object.
    """
    check_depth(text, name)
    try:
        return _loads(text, name)
    except ValueError:
        pass
    try:
        return _loads(_without_comments(text), name)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise InvalidInput(f"{name} is not valid JSON: see line {line}.") from None


def _loads(text: str, name: str) -> JsonValue:
    def unique(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
        built = dict(pairs)
        if len(built) != len(pairs):
            raise InvalidInput(f"{name} has the key {scrub_text(_doubled(pairs))!r} twice in one object.")
        return built

    value = json.loads(
        text, object_pairs_hook=unique, parse_constant=_no_number, parse_int=_integer, parse_float=_float
    )
    return cast(JsonValue, value)


def _doubled(pairs: list[tuple[str, JsonValue]]) -> str:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key[:60]
        seen.add(key)
    return ""


def _no_number(name: str) -> JsonValue:
    return None


def _float(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _integer(digits: str) -> int | float:
    # Python refuses to convert integers of thousands of digits; no setting has them.
    return int(digits) if len(digits) < 19 else float(digits[:300])


# Possessive, and an open text runs to the end: the scan stays linear on any input.
_TEXT = r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'
_TEXTS = re.compile(_TEXT, re.DOTALL)
_BRACKETS = re.compile(r"[\[{]+|[\]}]+")


def check_depth(text: str, name: str) -> None:
    """Refuse nesting that no configuration has, before a parser sees it.

    Raises:
        InvalidInput: deeper than 60 levels.
    """
    depth = 0
    for brackets in _BRACKETS.findall(_TEXTS.sub("", text)):
        depth += len(brackets) if brackets[0] in "[{" else -len(brackets)
        if depth > limits.MAX_DEPTH:
            raise InvalidInput(f"{name} is nested deeper than {limits.MAX_DEPTH} levels.")


_COMMENTS = re.compile(rf"({_TEXT})|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"({_TEXT})|,(?=\s*+[\]}}])", re.DOTALL)


def _without_comments(text: str) -> str:
    bare = _COMMENTS.sub(lambda match: match.group(1) or " ", text)
    return _TRAILING_COMMA.sub(lambda match: match.group(1) or "", bare)
