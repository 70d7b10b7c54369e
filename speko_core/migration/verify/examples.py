"""Example arguments from a JSON Schema. Pure and deterministic; what cannot be made up is None, never a guess."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from speko_core.late import LateModule
from speko_core.types import JsonObject, JsonValue

if TYPE_CHECKING:
    from speko_core.tools import parameters
else:
    # JSON Schema and its patterns: ten megabytes that only checks of tools need.
    parameters = LateModule("speko_core.tools.parameters")

_FORMATS = {
    "date": "2026-12-01",
    "date-time": "2026-12-01T10:00:00Z",
    "time": "10:00:00Z",
    "email": "sam@example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "3f2c1f9e-6f0a-4c1e-9d5b-2b7a4c1d9e0f",
    "phone": "+14155550123",
}
_DEEPEST = 12


def example_arguments(schema: JsonObject) -> JsonObject | None:
    """Arguments that fit the schema; None where none could be made, such as for a pattern without an example."""
    if parameters.schema_problem(schema):
        return None
    made = _value(schema, schema, 0)
    if not isinstance(made, dict) or parameters.argument_problems(schema, made):
        return None
    return made


def _value(schema: JsonValue, root: JsonObject, depth: int) -> JsonValue:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    schema = _resolved(schema, root)
    given = _given(schema)
    if given is not None:
        return given[0]
    for name in ("anyOf", "oneOf"):
        choices = schema.get(name)
        if isinstance(choices, list) and choices:
            return _value(_without_null(choices), root, depth + 1)
    return _of_kind(schema, root, depth)


def _given(schema: JsonObject) -> list[JsonValue] | None:
    """The value that the schema itself names, in a list of one, because it may be null."""
    if "const" in schema:
        return [schema["const"]]
    for name in ("enum", "examples"):
        listed = schema.get(name)
        if isinstance(listed, list) and listed:
            return [listed[0]]
    return [schema["default"]] if schema.get("default") not in (None, "") else None


def _resolved(schema: JsonObject, root: JsonObject) -> JsonObject:
    """The schema a local reference leads to, with what `allOf` adds."""
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        found: JsonValue = root
        for part in reference[2:].split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        schema = found if isinstance(found, dict) else {}
    every = schema.get("allOf")
    merged = {name: value for name, value in schema.items() if name != "allOf"}
    for one in every if isinstance(every, list) else []:
        merged = {**(one if isinstance(one, dict) else {}), **merged}
    return merged


def _without_null(choices: list[JsonValue]) -> JsonValue:
    return next((one for one in choices if not (isinstance(one, dict) and one.get("type") == "null")), choices[0])


def _of_kind(schema: JsonObject, root: JsonObject, depth: int) -> JsonValue:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if kind == "object" or (kind is None and "properties" in schema):
        return _object(schema, root, depth)
    if kind == "array":
        count = max(_whole(schema.get("minItems"), 1), 0)
        return [_value(schema.get("items") or {"type": "string"}, root, depth + 1)] * min(count, 50)
    if kind in ("integer", "number"):
        return _number(schema, whole=kind == "integer")
    if kind == "boolean":
        return True
    return None if kind == "null" else _text(schema)


def _object(schema: JsonObject, root: JsonObject, depth: int) -> JsonObject:
    """Every property, so that each of them is seen arriving; those that cannot be made up only where required."""
    properties, required = schema.get("properties"), schema.get("required")
    listed = properties if isinstance(properties, dict) else {}
    needed = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    made = {name: _value(one, root, depth + 1) for name, one in listed.items()}
    made = {name: value for name, value in made.items() if value is not None or name in needed}
    return {**made, **dict.fromkeys(needed - set(listed), "example")}


def _number(schema: JsonObject, *, whole: bool) -> JsonValue:
    low, high = _bound(schema, "minimum", "exclusiveMinimum"), _bound(schema, "maximum", "exclusiveMaximum")
    step = schema.get("multipleOf")
    unit = float(step) if isinstance(step, int | float) and not isinstance(step, bool) and step > 0 else 1.0
    candidates = [2 * unit, unit, 0.0]
    if low is not None:
        candidates += [low, low + unit, (int(low / unit) + 1) * unit]
    if high is not None:
        candidates += [high, high - unit, int(high / unit) * unit]
    if low is not None and high is not None:
        candidates.append((low + high) / 2)
    fits = _checker(schema)
    for value in candidates:
        made = int(value) if whole or value == int(value) else value
        if fits(made):
            return made
    return 1


def _bound(schema: JsonObject, *names: str) -> float | None:
    for name in names:
        value = schema.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _checker(schema: JsonObject) -> Callable[[JsonValue], bool]:
    wrapped: JsonObject = {"type": "object", "properties": {"value": schema}}
    return lambda value: not parameters.argument_problems(wrapped, {"value": value})


def _text(schema: JsonObject) -> JsonValue:
    form = schema.get("format")
    text = _FORMATS.get(form, "example") if isinstance(form, str) else "example"
    low, high = _whole(schema.get("minLength"), 0), _whole(schema.get("maxLength"), 1_000)
    if form is None:
        text = text.ljust(min(low, 5_000), "x")[: max(high, 0)]
    return text if _checker(schema)(text) else None


def _whole(value: JsonValue, default: int) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def shown(arguments: JsonObject) -> str:
    """Arguments on one line, for a person."""
    return json.dumps(arguments, ensure_ascii=False, sort_keys=True)
