"""The OpenAPI description of the doors in OpenAI's words, from the models that parse them."""

from collections.abc import Mapping

from speko_core.oneshot.openapi import inlined
from speko_core.types import JsonObject
from speko_gateway.streams.compat.chat_input import ChatRequest
from speko_gateway.streams.compat.speech import SpeechRequest
from speko_gateway.streams.compat.transcription_input import TranscriptionRequest

_STRING: JsonObject = {"type": "string"}
_OBJECT: JsonObject = {"type": "object"}
_ERROR: JsonObject = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": _STRING,
                "type": _STRING,
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_MODEL: JsonObject = {
    "type": "object",
    "required": ["id", "object", "created", "owned_by"],
    "properties": {
        "id": _STRING,
        "object": {"const": "model"},
        "created": {"type": "integer"},
        "owned_by": _STRING,
        "modality": _STRING,
    },
}
_FAILURES: Mapping[str, str] = {
    "400": "The request is malformed, or asks for what no model may be asked for here.",
    "401": "No valid key.",
    "402": "No credit for a managed provider key.",
    "403": "The key lacks the scope inference:use.",
    "404": "`model_not_found`: there is no such model.",
    "413": "The body is over the limit.",
    "429": "Too many requests; `Retry-After` says when to come back.",
    "500": "No provider is available for the request, or every candidate failed.",
    "503": "The database does not keep up; `Retry-After` says when to come back.",
}


def openapi_paths() -> dict[str, JsonObject]:
    """Path items of these doors."""
    models: JsonObject = {
        "type": "object",
        "required": ["object", "data"],
        "properties": {"object": {"const": "list"}, "data": {"type": "array", "items": _MODEL}},
    }
    by_id: JsonObject = {"name": "id", "in": "path", "required": True, "schema": _STRING}
    audio = dict.fromkeys(("audio/mpeg", "audio/ogg", "audio/wav", "audio/pcm"), _binary())
    return {
        "/v1/chat/completions": {
            "post": _posted("chat", "Answer a conversation", "application/json", inlined(ChatRequest), _events())
        },
        "/v1/audio/transcriptions": {
            "post": _posted(
                "transcription",
                "Transcribe an upload",
                "multipart/form-data",
                _form(),
                {**_events(), "text/plain": {"schema": _STRING}, "text/vtt": {"schema": _STRING}},
            )
        },
        "/v1/audio/speech": {
            "post": _posted(
                "speech",
                "Speak a text",
                "application/json",
                inlined(SpeechRequest),
                {**audio, "text/event-stream": {"schema": _STRING}},
            )
        },
        "/v1/models": {"get": _operation("models", "List models", {"application/json": {"schema": models}})},
        "/v1/models/{id}": {
            "get": {
                **_operation("model", "Get a model", {"application/json": {"schema": _MODEL}}),
                "parameters": [by_id],
            }
        },
    }


def _form() -> JsonObject:
    schema = inlined(TranscriptionRequest)
    fields = schema["properties"]
    assert isinstance(fields, dict)
    file: JsonObject = {"type": "string", "format": "binary"}
    return {**schema, "required": ["file"], "properties": {"file": file, **fields}}


def _binary() -> JsonObject:
    return {"schema": {"type": "string", "format": "binary"}}


def _events() -> JsonObject:
    return {"application/json": {"schema": _OBJECT}, "text/event-stream": {"schema": _STRING}}


def _posted(name: str, summary: str, kind: str, body: JsonObject, answer: JsonObject) -> JsonObject:
    return {
        **_operation(name, summary, answer),
        "requestBody": {"required": True, "content": {kind: {"schema": body}}},
    }


def _operation(name: str, summary: str, answer: JsonObject) -> JsonObject:
    failures: JsonObject = {
        status: {"description": text, "content": {"application/json": {"schema": _ERROR}}}
        for status, text in _FAILURES.items()
    }
    return {
        "operationId": f"openai.{name}",
        "summary": summary,
        "description": f"{summary}, as a client of OpenAI asks for it.",
        "tags": ["OpenAI-compatible"],
        "x-required-scope": "inference:use",
        "responses": {"200": {"description": summary, "content": answer}, **failures},
    }
