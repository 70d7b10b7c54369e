"""The OpenAPI description of text chat."""

from speko_core.chat.schemas import ChatInput
from speko_core.oneshot.openapi import event_answer, failures, inlined, result_schema
from speko_core.types import JsonObject


def chat_paths() -> dict[str, JsonObject]:
    """The path item of the door."""
    return {"/v1/agents/{id}/chat": {"post": _chat()}}


def _chat() -> JsonObject:
    string: JsonObject = {"type": "string"}
    result = result_schema(
        {"sessionId": string, "turnIndex": {"type": "integer"}, "usage": {"type": "object"}},
        {"firstMessage": string, "actions": {"type": "array", "items": {"type": "object"}}},
    )
    missing: JsonObject = {"$ref": "#/components/schemas/Error"}
    responses = failures("COMPLETE_FAILED", "`VALIDATION_ERROR`: the body is malformed.", "sessions:write")
    texts = {
        "404": "`NOT_FOUND`: no such agent. `SESSION_NOT_FOUND`: no such chat of it.",
        "409": "`SESSION_ENDED`: the chat is over. `CHAT_TOO_LONG`: it has as many turns as one may have.",
    }
    return {
        "operationId": "chat.send",
        "summary": "Chat with an agent in text",
        "description": "Answers one message with the agent's prompt, tools and knowledge, and keeps the transcript as "
        "that of a call. Events: `meta` (with `sessionId`), `delta`, `server_tool_call`, then `done` or `error`.",
        "tags": ["Agents"],
        "x-required-scope": "sessions:write",
        "parameters": [{"name": "id", "in": "path", "required": True, "description": "Agent id.", "schema": string}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": inlined(ChatInput)}}},
        "responses": {
            **responses,
            **{
                status: {"description": text, "content": {"application/json": {"schema": missing}}}
                for status, text in texts.items()
            },
            "200": event_answer(result),
        },
    }
