"""The OpenAPI 3.1 document, built from the operation list; streams describe themselves."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import TypeAdapter

from speko_core import VERSION
from speko_core.operations import REDIRECT, AnyOperation, ErrorCase, Http

Schema = dict[str, Any]  # JSON Schema and OpenAPI objects are open by definition
_REF = "#/components/schemas/{model}"
_ERROR_REF = {"$ref": "#/components/schemas/Error"}
_STANDARD = (
    ErrorCase(400, "VALIDATION_ERROR", "Request body or query parameters failed validation."),
    ErrorCase(401, "UNAUTHORIZED", "Missing or invalid bearer token."),
    ErrorCase(403, "FORBIDDEN", "The credential lacks the scope of this operation."),
    ErrorCase(429, "RATE_LIMITED", "Too many requests; `Retry-After` says when to come back."),
)
_WITH_A_BODY = ("POST", "PATCH", "PUT")
_TOO_LARGE = ErrorCase(413, "BODY_TOO_LARGE", "The request body is over the limit.")
_ERROR_SCHEMA: Schema = {
    "type": "object",
    "required": ["error", "code"],
    "properties": {
        "error": {"type": "string", "description": "Human-readable message."},
        "code": {"type": "string", "description": "Machine-readable code."},
        "hint": {"type": "string", "description": "What to do next."},
        "causes": {
            "type": "array",
            "description": "What each provider that was tried answered.",
            "items": {
                "type": "object",
                "required": ["provider", "model", "reason"],
                "properties": {name: {"type": "string"} for name in ("provider", "model", "reason")},
            },
        },
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}


def build(operations: Iterable[AnyOperation], streams: Mapping[str, Schema], base_url: str) -> Schema:
    """The whole document. `streams` are ready-made path items of the hand-written doors."""
    public = [operation for operation in operations if operation.http is not None and not operation.http.internal]
    inputs, outputs, components = _schemas(public)
    paths: dict[str, Schema] = {path: dict(item) for path, item in streams.items()}
    for operation in public:
        http = cast(Http, operation.http)
        item = paths.setdefault(http.path, {})
        item[http.method.lower()] = _describe(operation, http, inputs[operation.id], outputs[operation.id])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Speko",
            "version": VERSION,
            "description": "Voice-AI gateway: agents, sessions, one-shot calls.",
        },
        "servers": [{"url": base_url}],
        "security": [{"apiKey": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**components, "Error": _ERROR_SCHEMA},
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer", "description": "API key (sk_live_... or sk_test_...)"}
            },
        },
    }


def _schemas(operations: list[AnyOperation]) -> tuple[dict[str, Schema], dict[str, Schema], dict[str, Schema]]:
    adapters: list[Any] = [(f"in:{op.id}", "validation", TypeAdapter(op.input)) for op in operations]
    adapters += [(f"out:{op.id}", "serialization", op.output_adapter) for op in operations]
    found, document = TypeAdapter.json_schemas(adapters, ref_template=_REF)
    definitions = dict(document.get("$defs", {}))
    by_key = {key: schema for (key, _), schema in found.items()}
    inputs = {op.id: _resolved(by_key[f"in:{op.id}"], definitions) for op in operations}
    outputs = {op.id: by_key[f"out:{op.id}"] for op in operations}
    return inputs, outputs, definitions


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    reference = schema.get("$ref", "")
    return definitions[reference.rsplit("/", 1)[1]] if reference else schema


def _describe(operation: AnyOperation, http: Http, fields: Schema, answer: Schema) -> Schema:
    in_path = set(re.findall(r"{(\w+)}", http.path))
    properties: Mapping[str, Schema] = fields.get("properties", {})
    required = set(fields.get("required", ()))
    reads_body = http.method in _WITH_A_BODY
    parameters = [
        _parameter(name, schema, "path" if name in in_path else "query", name in required or name in in_path)
        for name, schema in properties.items()
        if name in in_path or not reads_body
    ]
    described: Schema = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description or operation.summary,
        "tags": [http.tag or operation.resource],
        "parameters": parameters,
        "responses": _responses(operation, http, answer),
        "x-required-scope": operation.scope,
    }
    if operation.effect != "read":
        described["parameters"] = [*parameters, _IDEMPOTENCY]
    body = {name: schema for name, schema in properties.items() if name not in in_path}
    if reads_body and body:
        described["requestBody"] = _body(body, sorted(required - in_path), fields)
    return described


_IDEMPOTENCY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A key of your choice: repeating the request with it replays the first answer for 24 hours.",
    "schema": {"type": "string", "maxLength": 255},
}


def _parameter(name: str, schema: Schema, place: str, required: bool) -> Schema:
    described: Schema = {"name": name, "in": place, "required": required, "schema": schema}
    if "description" in schema:
        described["description"] = schema["description"]
    return described


def _body(properties: Mapping[str, Schema], required: list[str], fields: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = required
    if "description" in fields:
        schema["description"] = fields["description"]
    return {"required": bool(required), "content": {"application/json": {"schema": schema}}}


def _responses(operation: AnyOperation, http: Http, answer: Schema) -> Schema:
    success: Schema = {"description": operation.summary}
    if http.status == REDIRECT:
        success["headers"] = {"Location": {"schema": {"type": "string", "format": "uri"}}}
    elif answer.get("type") != "null":
        success["content"] = {"application/json": {"schema": answer}}
    responses: Schema = {str(http.status): success}
    cases = [*_STANDARD, *operation.errors]
    if http.method in _WITH_A_BODY and not any(case.status == _TOO_LARGE.status for case in operation.errors):
        cases.append(_TOO_LARGE)
    for status in sorted({case.status for case in cases}):
        texts = " ".join(f"`{case.code}`: {case.when}" for case in cases if case.status == status)
        responses[str(status)] = {"description": texts, "content": {"application/json": {"schema": _ERROR_REF}}}
    return responses
