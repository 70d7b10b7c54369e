"""JSON Schema of a tool's parameters: what may be registered, and whether a model's arguments fit it.

Schemas and arguments are other people's: sizes are bounded, references stay inside the schema and never form a
circle, and patterns run on an engine that gives up after a moment.
"""

import json
from collections.abc import Iterable, Iterator

import regex
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry

from speko_core.types import JsonObject, JsonValue

MAX_BYTES = 32_768
MAX_DEPTH = 16
MAX_NODES = 2_000
MAX_PATTERN_CHARS = 500
PATTERN_TIMEOUT_S = 0.05
MAX_ARGUMENT_BYTES = 32_768
_SHOWN_PROBLEMS = 5


def schema_problem(parameters: JsonObject) -> str | None:
    """What is wrong with a schema of parameters, as the end of a sentence; None where it may be registered."""
    if parameters.get("type") != "object":
        return 'must be a JSON Schema with "type": "object"'
    if _too_deep(parameters, MAX_DEPTH):
        return f"must not nest deeper than {MAX_DEPTH} levels"
    if len(json.dumps(parameters).encode()) > MAX_BYTES:
        return f"must be at most {MAX_BYTES} bytes of JSON"
    return _reference_problem(parameters) or _pattern_problem(parameters) or _meta_problem(parameters)


def argument_problems(parameters: JsonObject, arguments: JsonValue) -> list[str]:
    """Why these arguments do not fit, in sentences for the model that wrote them; empty where they do."""
    if len(json.dumps(arguments).encode()) > MAX_ARGUMENT_BYTES:
        return [f"the arguments are longer than {MAX_ARGUMENT_BYTES} bytes"]
    validator = _Checker(parameters, registry=Registry())
    problems = (_sentence(error) for error in validator.iter_errors(arguments))
    try:
        return [problem for problem, _ in zip(problems, range(_SHOWN_PROBLEMS), strict=False)]
    except (RecursionError, TimeoutError):
        return ["the arguments are too complicated to check"]


def _sentence(error: ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    return f"{where}: {error.message[:300]}" if where else str(error.message)[:300]


def _matches(pattern: str, text: str) -> bool:
    return regex.search(pattern, text, timeout=PATTERN_TIMEOUT_S) is not None


def _check_pattern(
    validator: Validator, pattern: str, instance: JsonValue, schema: JsonObject
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError(f"does not match the pattern {pattern}")


_Checker = extend(Draft202012Validator, {"pattern": _check_pattern})  # type: ignore[no-untyped-call]  # as its stubs are


def _children(value: JsonValue) -> Iterable[JsonValue]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep(value: JsonValue, allowed: int) -> bool:
    return allowed < 0 or any(_too_deep(child, allowed - 1) for child in _children(value))


def _walk(value: JsonValue) -> Iterator[JsonObject]:
    if isinstance(value, dict):
        yield value
    for child in _children(value):
        yield from _walk(child)


def _reference_problem(schema: JsonObject) -> str | None:
    for node in _walk(schema):
        if any(name in node for name in ("$id", "$dynamicRef", "$recursiveRef", "patternProperties")):
            return "must not use $id, $dynamicRef, $recursiveRef or patternProperties"
        reference = node.get("$ref")
        if isinstance(reference, str) and not reference.startswith(("#/$defs/", "#/definitions/")):
            return "may only refer to its own definitions, as in #/$defs/name"
    try:
        size = _expanded(schema, schema, ())
    except _Circle:
        return f"must not refer to itself, nor through more than {MAX_DEPTH} definitions"
    except KeyError:
        return "refers to a definition that does not exist"
    return f"must have at most {MAX_NODES} parts" if size > MAX_NODES else None


class _Circle(Exception):
    """A reference leads back to where it stands, or too far."""


def _expanded(value: JsonValue, root: JsonObject, inside: tuple[str, ...]) -> int:
    """How many parts the schema has once every reference is written out; stops counting past the limit."""
    size = 1
    if isinstance(value, dict) and isinstance(value.get("$ref"), str):
        reference = str(value["$ref"])
        if reference in inside or len(inside) >= MAX_DEPTH:
            raise _Circle
        size += _expanded(_definition(root, reference), root, (*inside, reference))
    for child in _children(value):
        size += _expanded(child, root, inside)
        if size > MAX_NODES:
            break
    return size


def _definition(root: JsonObject, reference: str) -> JsonValue:
    _, section, name = reference.split("/", 2)
    definitions = root.get(section)
    if not isinstance(definitions, dict):
        raise KeyError(reference)
    return definitions[name.replace("~1", "/").replace("~0", "~")]


def _pattern_problem(schema: JsonObject) -> str | None:
    for node in _walk(schema):
        pattern = node.get("pattern")
        if not isinstance(pattern, str):
            continue
        if len(pattern) > MAX_PATTERN_CHARS:
            return f"must not have patterns longer than {MAX_PATTERN_CHARS} characters"
        try:
            regex.compile(pattern)
        except regex.error:
            return "has a pattern that is not a regular expression"
    return None


def _meta_problem(schema: JsonObject) -> str | None:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.absolute_path)
        return f"is not valid JSON Schema at /{where}"
    return None
