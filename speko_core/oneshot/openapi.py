"""The OpenAPI description of the three one-shot doors, from the models that parse them."""

from collections.abc import Mapping

from pydantic import BaseModel

from speko_core.oneshot.schemas import CompleteInput, SynthesizeInput
from speko_core.types import JsonObject, JsonValue

_ERROR: JsonObject = {"$ref": "#/components/schemas/Error"}
_STRING: JsonObject = {"type": "string"}
_SESSION: JsonObject = {
    "name": "x-session-id",
    "in": "header",
    "required": False,
    "description": "Session the usage belongs to.",
    "schema": {"type": "string", "maxLength": 80},
}
_HEADERS: JsonObject = {
    name: {"description": text, "schema": _STRING}
    for name, text in {
        "X-Speko-Provider": "Provider that handled the request.",
        "X-Speko-Model": "Model that handled the request.",
        "X-Speko-Failover-Count": "How many candidates were called before the one that answered.",
        "X-Speko-Hedged": "Candidates that were called beside it and were slower, if any.",
        "X-Speko-Scores-Run-Id": "Benchmark snapshot the decision was based on.",
        "X-Speko-Decision-Id": "The decision, for POST /v1/routing/replay.",
        "X-Speko-Ignored-Options": "Options an offline provider could not honour, if any.",
    }.items()
}


def openapi_paths() -> dict[str, JsonObject]:
    """Path items of the one-shot doors."""
    return {
        "/v1/transcribe": {"post": _transcribe()},
        "/v1/complete": {"post": _complete()},
        "/v1/synthesize": {"post": _synthesize()},
    }


def _transcribe() -> JsonObject:
    audio: JsonObject = {"schema": {"type": "string", "format": "binary"}}
    kinds = (
        "application/octet-stream",
        "audio/wav",
        "audio/mpeg",
        "audio/ogg",
        "audio/flac",
        "audio/webm",
        "audio/pcm",
    )
    empty = "`INVALID_AUDIO`: empty or undecodable body. `VALIDATION_ERROR`: a header is missing or malformed."
    return {
        **_operation("transcribe", "Transcribe audio (speech to text)"),
        "description": "Routes the recording to the best STT provider for the intent, failing over before the first "
        "event. Events: `meta`, `transcript`, then `done` or `error`.",
        "parameters": [
            _header("x-speko-intent", 'JSON routing intent, such as `{"language":"en-US"}`.', required=True),
            _header("x-speko-constraints", 'JSON constraints, such as `{"allowedProviders":{"stt":["local"]}}`.'),
            _header("x-speko-stt-options", "JSON options: `keywords`, `language`, `prompt`, `words`, `speakers`."),
            _SESSION,
        ],
        "requestBody": {"required": True, "content": dict.fromkeys(kinds, audio)},
        "responses": {
            **failures("TRANSCRIBE_FAILED", empty),
            "200": event_answer(result_schema({"confidence": _NUMBER_OR_NULL}, _HEARD)),
        },
    }


def _complete() -> JsonObject:
    invalid = "`VALIDATION_ERROR`: the request body failed validation."
    usage: JsonObject = {
        "type": "object",
        "required": ["promptTokens", "completionTokens"],
        "properties": {"promptTokens": {"type": "integer"}, "completionTokens": {"type": "integer"}},
    }
    call: JsonObject = {
        "type": "object",
        "required": ["id", "name", "args"],
        "properties": {"id": _STRING, "name": _STRING, "args": _STRING},
    }
    result = result_schema({"usage": usage}, {"toolCalls": {"type": "array", "items": call}})
    return {
        **_operation("complete", "Generate an LLM completion"),
        "description": "Routes the conversation to the best LLM provider for the intent, failing over before the first "
        "event. Events: `meta`, `delta`, `tool_call`, then `done` or `error`.",
        "parameters": [_SESSION],
        "requestBody": {"required": True, "content": {"application/json": {"schema": inlined(CompleteInput)}}},
        "responses": {**failures("COMPLETE_FAILED", invalid), "200": event_answer(result)},
    }


def _synthesize() -> JsonObject:
    invalid = "`VALIDATION_ERROR`: the request body failed validation."
    format_header: JsonObject = {"description": "The `Content-Type` of the body.", "schema": _STRING}
    return {
        **_operation("synthesize", "Synthesize speech (text to speech)"),
        "description": "Routes the text to the best TTS provider for the intent, failing over before the first chunk. "
        "The body is chunked audio in the format that `Content-Type` names: the provider's own, or the one asked for "
        "with `Accept: audio/pcm;rate=N`, `audio/wav`, `audio/mpeg` or `audio/ogg`.",
        "parameters": [_SESSION],
        "requestBody": {"required": True, "content": {"application/json": {"schema": inlined(SynthesizeInput)}}},
        "responses": {
            **failures("SYNTHESIZE_FAILED", invalid),
            "200": {
                "description": "Chunked audio bytes",
                "headers": {**_HEADERS, "X-Speko-Audio-Format": format_header},
                "content": dict.fromkeys(
                    ("application/octet-stream", "audio/pcm", "audio/wav", "audio/mpeg", "audio/ogg"),
                    {"schema": {"type": "string", "format": "binary"}},
                ),
            },
        },
    }


_NUMBER_OR_NULL: JsonObject = {"type": ["number", "null"]}
_NUMBER: JsonObject = {"type": "number"}
_WORD: JsonObject = {
    "type": "object",
    "required": ["text", "start", "end"],
    "properties": {"text": _STRING, "start": _NUMBER, "end": _NUMBER, "confidence": _NUMBER, "speaker": _STRING},
}
_HEARD: JsonObject = {
    "words": {"type": "array", "items": _WORD, "description": "Where they were asked for."},
    "language": {"type": ["string", "null"], "description": "What was found, where the provider had to find it."},
    "warnings": {"type": "array", "items": _STRING, "description": "What was honoured in part."},
}


def _operation(name: str, summary: str) -> JsonObject:
    return {
        "operationId": f"oneshot.{name}",
        "summary": summary,
        "tags": ["One-shot"],
        "x-required-scope": "inference:use",
    }


def _header(name: str, text: str, required: bool = False) -> JsonObject:
    return {"name": name, "in": "header", "required": required, "description": text, "schema": _STRING}


def result_schema(required: JsonObject, optional: JsonObject | None = None) -> JsonObject:
    """The schema of a `done` event."""
    fields: JsonObject = {
        "text": _STRING,
        "provider": _STRING,
        "model": _STRING,
        "failoverCount": {"type": "integer"},
        "scoresRunId": {"type": ["string", "null"]},
        **required,
    }
    names: list[JsonValue] = [*fields]
    return {"type": "object", "required": names, "properties": {**fields, **(optional or {})}}


def event_answer(result: JsonObject) -> JsonObject:
    """The response that is an event stream or one object."""
    return {
        "description": "An event stream; one JSON object, the `done` event, with `Accept: application/json`.",
        "headers": _HEADERS,
        "content": {"text/event-stream": {"schema": _STRING}, "application/json": {"schema": result}},
    }


def failures(code: str, invalid: str, scope: str = "inference:use") -> JsonObject:
    """The failures every such door documents."""
    texts: Mapping[str, str] = {
        "400": invalid,
        "401": "`UNAUTHORIZED`: missing or invalid bearer token.",
        "402": "`INSUFFICIENT_CREDITS` or `SPEND_LIMIT_REACHED`: no credit for a managed provider key.",
        "403": f"`FORBIDDEN`: the credential lacks the scope {scope}.",
        "413": "`BODY_TOO_LARGE`: the body is over the limit.",
        "429": "`RATE_LIMITED`: too many requests; `Retry-After` says when to come back.",
        "500": f"`{code}`: no provider is available for the intent, or every candidate failed.",
        "503": "`UNAVAILABLE`: the database does not keep up; `Retry-After` says when to come back.",
    }
    return {
        status: {"description": text, "content": {"application/json": {"schema": _ERROR}}}
        for status, text in texts.items()
    }


def inlined(model: type[BaseModel]) -> JsonObject:
    """The model's JSON Schema without references; these models are not recursive."""
    schema: JsonObject = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    assert isinstance(definitions, dict)
    resolved = _resolved(schema, definitions)
    assert isinstance(resolved, dict)
    return resolved


def _resolved(node: JsonValue, definitions: Mapping[str, JsonValue]) -> JsonValue:
    if isinstance(node, list):
        return [_resolved(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        target = definitions[reference.rpartition("/")[2]]
        assert isinstance(target, dict)
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return {key: _resolved(value, definitions) for key, value in node.items()}
