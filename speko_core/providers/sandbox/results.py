"""Say what a tool answered."""

import json

from speko_core.providers.base import Message
from speko_core.providers.sandbox.text import said_value
from speko_core.providers.sandbox.words import spaced
from speko_core.types import JsonObject, JsonValue
from speko_core.untrusted import unmark

MAX_FIELDS = 3
MAX_SPOKEN_CHARS = 300
_READY_TEXT = ("message", "summary", "text", "answer", "content")
_STATUS_FIELDS = frozenset({"ok", "success", "status", "statusCode", "status_code", "error"})


def say_result(result: Message, *, mutating: bool) -> str:
    """One or two sentences about a tool result; JSON objects by their first few plain fields."""
    parsed = _parsed(result.content)
    problem = _problem(parsed, result)
    if problem is not None:
        return f"That didn't work: {problem} Would you like to try again?"
    opening = "Done." if mutating else "Here is what I found."
    if isinstance(parsed, dict):
        return _say_object(parsed, opening)
    if isinstance(parsed, list):
        return _say_list(parsed)
    text = _short(said_value(parsed)) if parsed is not None else ""
    return f"{opening} {_sentence(text)}" if text else opening


def _parsed(content: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(unmark(content))
    except ValueError:
        return unmark(content)
    return value


def _problem(parsed: JsonValue, result: Message) -> str | None:
    if isinstance(parsed, dict):
        error = parsed.get("error")
        status = parsed.get("statusCode", parsed.get("status_code", parsed.get("status")))
        failed_status = isinstance(status, int) and not isinstance(status, bool) and status >= 400
        if error or failed_status or parsed.get("ok") is False or parsed.get("success") is False:
            return _sentence(_short(_error_text(error) or _error_text(parsed.get("message")) or "the tool failed"))
    if result.is_error:
        return _sentence(_short(parsed) if isinstance(parsed, str) and parsed else "the tool failed")
    return None


def _error_text(error: JsonValue) -> str | None:
    if isinstance(error, dict):
        error = error.get("message")
    return error if isinstance(error, str) and error else None


def _say_object(parsed: JsonObject, opening: str) -> str:
    for name in _READY_TEXT:
        text = parsed.get(name)
        if isinstance(text, str) and text:
            return _sentence(_short(text))
    plain = [
        f"{spaced(name)}: {_short(said_value(value))}"
        for name, value in parsed.items()
        if isinstance(value, str | int | float) and name not in _STATUS_FIELDS
    ]
    return f"{opening} {_sentence(', '.join(plain[:MAX_FIELDS]))}" if plain else opening


def _say_list(items: list[JsonValue]) -> str:
    if not items:
        return "I found nothing."
    plain = [_short(said_value(item)) for item in items if isinstance(item, str | int | float)]
    named = f": {', '.join(plain[:MAX_FIELDS])}" if plain else ""
    return f"I found {len(items)}{named}."


def _short(text: str) -> str:
    return text if len(text) <= MAX_SPOKEN_CHARS else text[:MAX_SPOKEN_CHARS].rsplit(" ", 1)[0] + "…"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
