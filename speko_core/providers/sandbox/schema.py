"""What a tool's JSON Schema asks for, and which parts of it `sandbox-1` dares to fill."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from speko_core.late import LateModule
from speko_core.providers.base import Tool
from speko_core.providers.sandbox.words import spaced
from speko_core.types import JsonObject, JsonValue

if TYPE_CHECKING:
    import jsonschema
else:
    jsonschema = LateModule("jsonschema")

Kind = Literal["enum", "const", "boolean", "integer", "number", "string", "array"]

MAX_PATTERN_CHARS = 200
MAX_QUESTION_CHARS = 120
CACHED_SCHEMAS = 512
# References may be fetched over the network, and a repeated group that itself repeats can take exponential time.
_REFUSED_KEYS = frozenset({"$ref", "$dynamicRef", "patternProperties"})
_NESTED_REPEAT = re.compile(r"[+*}][^()]*\)+\s*[+*{?]|\(\?|\\\d|\|[^()]*\)[+*{]")


@dataclass(frozen=True)
class Field:
    """One parameter. `kind` is None when we cannot fill it: nested objects, references, unsafe patterns."""

    name: str
    schema: JsonObject
    required: bool
    kind: Kind | None

    @property
    def label(self) -> str:
        """The name as words."""
        return spaced(self.name)

    @property
    def question(self) -> str:
        """How to ask for it: a description that is a question already, else one made from the name."""
        description = self.schema.get("description")
        if isinstance(description, str) and description.endswith("?") and len(description) <= MAX_QUESTION_CHARS:
            return description
        if self.kind == "enum":
            return f"Which {self.label}: {', '.join(str(value) for value in enum_of(self.schema)[:6])}?"
        return f"Yes or no: {self.label}?" if self.kind == "boolean" else f"What is the {self.label}?"

    def accepts(self, value: JsonValue) -> bool:
        """True when the value fits the field's own schema."""
        return jsonschema.Draft202012Validator(self.schema).is_valid(value)


def fields_of(tool: Tool) -> tuple[Field, ...]:
    """The parameters in the order of the schema, required ones first."""
    return _read_fields(json.dumps(tool.parameters))


@lru_cache(maxsize=CACHED_SCHEMAS)
def _read_fields(parameters_json: str) -> tuple[Field, ...]:
    """Cached by text: checking a schema costs more than all the rest of a turn."""
    parameters: JsonObject = json.loads(parameters_json)
    properties, required = parameters.get("properties"), parameters.get("required")
    names = required if isinstance(required, list) else []
    if not isinstance(properties, dict):
        return ()
    found = [_field(name, schema, name in names) for name, schema in properties.items()]
    return tuple(sorted(found, key=lambda field: not field.required))


def is_complete(tool: Tool, args: JsonObject) -> bool:
    """True when the arguments validate against the whole schema and we understand all of it."""
    return _is_safe(tool.parameters) and jsonschema.Draft202012Validator(tool.parameters).is_valid(args)


def enum_of(schema: JsonObject) -> list[JsonValue]:
    """The allowed values, empty when the schema does not list them."""
    values = schema.get("enum")
    return values if isinstance(values, list) else []


def _field(name: str, schema: JsonValue, required: bool) -> Field:
    if not isinstance(schema, dict):
        return Field(name, {}, required, None)
    return Field(name, schema, required, _kind(schema) if _is_safe(schema) else None)


def _kind(schema: JsonObject) -> Kind | None:
    if "const" in schema:
        return "const"
    if enum_of(schema):
        return "enum"
    declared = schema.get("type")
    types = [entry for entry in declared if entry != "null"] if isinstance(declared, list) else [declared]
    match types[0] if types else None:
        case "string":
            return "string"
        case "integer":
            return "integer"
        case "number":
            return "number"
        case "boolean":
            return "boolean"
        case "array" if _has_plain_items(schema):
            return "array"
    return None


def _has_plain_items(schema: JsonObject) -> bool:
    items = schema.get("items")
    return isinstance(items, dict) and _kind(items) in ("enum", "string")


def _is_safe(schema: JsonObject) -> bool:
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError:
        return False
    return _has_no_trap(schema)


def _has_no_trap(part: JsonValue) -> bool:
    if isinstance(part, Mapping):
        pattern = part.get("pattern")
        if _REFUSED_KEYS & part.keys() or (isinstance(pattern, str) and not is_safe_pattern(pattern)):
            return False
        return all(_has_no_trap(value) for value in part.values())
    return all(_has_no_trap(item) for item in part) if isinstance(part, list) else True


def is_safe_pattern(pattern: str) -> bool:
    """True for a regular expression that is short and cannot take exponential time."""
    return len(pattern) <= MAX_PATTERN_CHARS and _NESTED_REPEAT.search(pattern) is None
