"""JSON Schemas as tools carry them. Every character is paid for in each conversation, so only what helps is kept.

Inputs keep what a model needs to fill them in: names, types, descriptions, small limits. Outputs keep the shape of
the first levels; validation of answers belongs to the output model, not to the schema a client reads.
"""

from functools import cache
from typing import TypeAlias, cast

import orjson
from pydantic import BaseModel, TypeAdapter

from speko_core.operations import AnyOperation
from speko_core.types import JsonObject, JsonValue

Schema: TypeAlias = JsonObject

# A limit that no honest caller meets tells a model nothing; the input model still enforces it.
_LONG_TEXT = 1_000
_MANY_ITEMS = 50
_DROPPED = frozenset({"title", "examples", "propertyNames", "maxProperties"})
_OUTPUT_DEPTH = 2


def input_schema(operation: AnyOperation) -> Schema:
    """The schema of the tool's arguments: an object, no union at the top, no references unless it is recursive."""
    return cast(Schema, orjson.loads(_input_json(operation)))


@cache
def _input_json(operation: AnyOperation) -> bytes:
    # Made once a process, because it takes milliseconds; kept as text, so that nobody can change another's.
    clearable = operation.http is not None and operation.http.method == "PATCH"
    return orjson.dumps(compact_schema(operation.input, keep_null=clearable))


def compact_schema(model: type[BaseModel], *, keep_null: bool = False) -> Schema:
    """The schema of a model without what tells a caller nothing."""
    raw = cast(Schema, model.model_json_schema(by_alias=True))
    schema = _compact(raw, _definitions(raw), (), keep_null=keep_null)
    schema.pop("description", None)
    return {"type": "object", "properties": {}, **schema}


def brief(schema: Schema) -> Schema:
    """The first level, and what is required below it. The rest is found with `search_tools`."""
    properties = cast(Schema, schema.get("properties", {}))
    fields: Schema = {name: _brief_field(cast(Schema, field)) for name, field in properties.items()}
    return {"type": "object", "properties": fields, **_required(schema)}


def _brief_field(field: Schema) -> Schema:
    kept: Schema = {key: field[key] for key in ("type", "enum", "description") if key in field}
    if "type" not in kept and "enum" not in kept:
        return {**kept, **_shape(field, {}, 0)}
    inner, required = cast(Schema, field.get("properties", {})), cast(list[str], field.get("required", []))
    needed: Schema = {name: _brief_field(cast(Schema, inner[name])) for name in required}
    return {**kept, **({"properties": needed} if needed else {}), **_required(field)}


def _required(schema: Schema) -> Schema:
    return {"required": schema["required"]} if schema.get("required") else {}


def output_schema(operation: AnyOperation, items_as: str | None) -> Schema:
    """The schema of the structured content: always an object; a bare list becomes `{items_as: [...]}`."""
    return cast(Schema, orjson.loads(_output_json(operation, items_as)))


@cache
def _output_json(operation: AnyOperation, items_as: str | None) -> bytes:
    return orjson.dumps(_output_schema(operation, items_as))


def _output_schema(operation: AnyOperation, items_as: str | None) -> Schema:
    adapter: TypeAdapter[object] = operation.output_adapter
    raw = cast(Schema, adapter.json_schema(mode="serialization", by_alias=True))
    schema = _shape(raw, _definitions(raw), _OUTPUT_DEPTH - (1 if items_as else 0))
    if items_as:
        return {"type": "object", "properties": {items_as: schema}, "required": [items_as]}
    return schema if schema.get("type") == "object" else {"type": "object"}


def _definitions(schema: Schema) -> Schema:
    return cast(Schema, schema.get("$defs", {}))


def _resolve(schema: Schema, definitions: Schema, seen: tuple[str, ...]) -> tuple[Schema, tuple[str, ...]]:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema, seen
    name = reference.rpartition("/")[2]
    siblings = {key: value for key, value in schema.items() if key != "$ref"}
    if name in seen:
        return {"type": "object", **siblings}, seen
    return {**cast(Schema, definitions[name]), **siblings}, (*seen, name)


def _compact(schema: Schema, definitions: Schema, seen: tuple[str, ...], *, keep_null: bool) -> Schema:
    schema, seen = _resolve(schema, definitions, seen)
    schema, nullable = _split_null(schema)
    schema, seen = _resolve(schema, definitions, seen)
    compact: Schema = {}
    for key, value in schema.items():
        if key == "$defs" or not _tells_something(key, value):
            continue
        compact[key] = _compact_value(key, value, definitions, seen, keep_null=keep_null)
    return _with_null(compact) if nullable and keep_null else compact


def _compact_value(
    key: str, value: JsonValue, definitions: Schema, seen: tuple[str, ...], *, keep_null: bool
) -> JsonValue:
    if key == "properties" and isinstance(value, dict):
        # Only fields of the request itself are cleared by null; inside a nested object absence says the same.
        return {
            name: _compact(cast(Schema, field), definitions, seen, keep_null=keep_null and not seen)
            for name, field in value.items()
        }
    if isinstance(value, dict) and key in ("items", "additionalProperties"):
        return _compact(value, definitions, seen, keep_null=False)
    if isinstance(value, list) and key in ("anyOf", "oneOf", "allOf"):
        return [_compact(cast(Schema, branch), definitions, seen, keep_null=False) for branch in value]
    return value


def _tells_something(key: str, value: JsonValue) -> bool:
    if key in _DROPPED:
        return False
    if key == "default":
        return value is not None
    if key == "maxLength" and isinstance(value, int):
        return value < _LONG_TEXT
    if key == "maxItems" and isinstance(value, int):
        return value < _MANY_ITEMS
    # Objects here accept what they name; an unknown field is answered with the nearest known one.
    return not (key == "additionalProperties" and isinstance(value, bool))


def _split_null(schema: Schema) -> tuple[Schema, bool]:
    branches = schema.get("anyOf")
    if not isinstance(branches, list) or {"type": "null"} not in branches:
        return schema, False
    rest = [cast(Schema, branch) for branch in branches if branch != {"type": "null"}]
    siblings = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    if len(rest) == 1:
        return {**rest[0], **siblings}, True
    return {**siblings, "anyOf": cast(JsonValue, rest)}, True


def _with_null(schema: Schema) -> Schema:
    # Two branches rather than a list of types: clients that hand schemas to a model provider map one type at a time.
    inner = {key: value for key, value in schema.items() if key != "description"}
    said: Schema = {"description": schema["description"]} if "description" in schema else {}
    return {**said, "anyOf": [inner, {"type": "null"}]}


def _shape(schema: Schema, definitions: Schema, depth: int) -> Schema:
    schema, _ = _resolve(schema, definitions, ())
    branches = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(branches, list):
        return _shape_union([_shape(cast(Schema, branch), definitions, depth) for branch in branches])
    kind = schema.get("type")
    if not isinstance(kind, str):
        return {}
    if kind == "array" and isinstance(schema.get("items"), dict):
        return {"type": kind, "items": _shape(cast(Schema, schema["items"]), definitions, depth)}
    properties = schema.get("properties")
    if depth == 0 or not isinstance(properties, dict):
        return {"type": kind}
    shaped = {name: _shape(cast(Schema, field), definitions, depth - 1) for name, field in properties.items()}
    return {"type": kind, "properties": cast(JsonValue, shaped)}


def _shape_union(branches: list[Schema]) -> Schema:
    if not all(isinstance(branch.get("type"), str) and len(branch) == 1 for branch in branches):
        return _nullable_object(branches)
    kinds = sorted({cast(str, branch["type"]) for branch in branches})
    return {"type": cast(JsonValue, kinds if len(kinds) > 1 else kinds[0])}


def _nullable_object(branches: list[Schema]) -> Schema:
    rest = [branch for branch in branches if branch != {"type": "null"}]
    if len(rest) == 1 and len(branches) == 2 and isinstance(rest[0].get("type"), str):
        return {**rest[0], "type": [cast(str, rest[0]["type"]), "null"]}
    return {}
