"""Google Gemini's `generateContent` and `streamGenerateContent`.

Behaviour as in Google's API reference and google-genai 3.4: CRLF between events, no end mark, calls in one part, and a
signature on the first call of a step from the 3.x models on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject, JsonValue
from tests.fakes.vendors.base import FakeVendor, Played, Seen
from tests.fakes.vendors.llm import HELLO, NOTHING, Invalid, Reply, must

FIELDS = frozenset(
    ["contents", "systemInstruction", "generationConfig", "tools", "toolConfig", "safetySettings", "cachedContent"]
)
CONFIG = frozenset(
    [
        "temperature",
        "topP",
        "topK",
        "maxOutputTokens",
        "stopSequences",
        "seed",
        "responseMimeType",
        "responseSchema",
        "thinkingConfig",
    ]
)
STATUSES: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "refused": "SAFETY"}
SIGNATURE = "c2lnbmVkIGJ5IEdvb2dsZQ=="


class FakeGemini(FakeVendor):
    """Gemini, streamed or whole."""

    vendor = "google"

    def __init__(self) -> None:
        super().__init__()
        self.reply: Reply = HELLO

    @property
    def base_url(self) -> str:
        """What a client is configured with."""
        return self.url

    def routes(self) -> Sequence[BaseRoute]:
        """Both API versions the SDK may ask for."""
        return [Route("/{version:str}/models/{call:path}", self._generate, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        """Google's envelope; the reason of a refusal is among the details, a delay too."""
        details: list[JsonValue] = (
            [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code}] if code else []
        )
        if status == 429:
            details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"})
        error: JsonObject = {"code": status, "message": message, "status": STATUSES.get(status), "details": details}
        return {"error": error}

    async def _generate(self, request: Request) -> Response:
        seen = await self.record(request)
        model, _, method = request.path_params["call"].partition(":")
        try:
            self._check(seen, model, method, request.path_params["version"])
        except Invalid as refusal:
            return self.error(refusal.status, refusal.code, refusal.message)
        if method == "generateContent":
            return self.play(request, Played([orjson.dumps(self._whole(model))], "application/json"))
        pieces, empty = [*self._frames(self.reply, model)], [*self._frames(NOTHING, model)]
        return self.play(request, Played(pieces, "text/event-stream", empty, b'data: {"candidates": [\r\n\r\n'))

    def _check(self, seen: Seen, model: str, method: str, version: str) -> None:
        given = seen.headers.get("x-goog-api-key") or dict(seen.query).get("key")
        must(given == self.key, "API key not valid.", "API_KEY_INVALID")
        must(version in ("v1", "v1beta") and method in ("generateContent", "streamGenerateContent"), "no", status=404)
        must(model.startswith("gemini-"), f"models/{model} is not found", status=404)
        must(method == "generateContent" or ("alt", "sse") in seen.query, "this fake streams events only")
        body: Mapping[str, Any] = seen.json
        must(not set(body) - FIELDS, f"Unknown name: {set(body) - FIELDS}")
        must(not set(body.get("generationConfig") or {}) - CONFIG, "Unknown name in generation_config")
        _check_thinking(model, (body.get("generationConfig") or {}).get("thinkingConfig"))
        _check_contents(model, body.get("contents"))
        mode = ((body.get("toolConfig") or {}).get("functionCallingConfig") or {}).get("mode", "AUTO")
        must(mode in ("AUTO", "ANY", "NONE", "VALIDATED"), "unknown mode")

    def _frames(self, reply: Reply, model: str) -> Iterator[bytes]:
        for thought in reply.thoughts:
            yield self._frame([{"text": thought, "thought": True}], reply, model)
        for text in reply.texts:
            yield self._frame([{"text": text}], reply, model)
        calls = _call_parts(reply, model)
        yield self._frame(calls, reply, model, FINISH[reply.finish])

    def _frame(self, parts: list[JsonValue], reply: Reply, model: str, finish: str | None = None) -> bytes:
        return b"data: " + orjson.dumps(self._object(parts, reply, model, finish)) + b"\r\n\r\n"

    def _whole(self, model: str) -> JsonObject:
        text: list[JsonValue] = [{"text": self.reply.text}] if self.reply.text else []
        parts = [*text, *_call_parts(self.reply, model)]
        return self._object(parts, self.reply, model, FINISH[self.reply.finish])

    def _object(self, parts: list[JsonValue], reply: Reply, model: str, finish: str | None) -> JsonObject:
        candidate: JsonObject = {"index": 0, "content": {"role": "model", "parts": parts}}
        if finish:
            candidate["finishReason"] = finish
        usage: JsonObject = {
            "promptTokenCount": reply.prompt_tokens,
            "candidatesTokenCount": reply.completion_tokens - 2,
            "thoughtsTokenCount": 2,
            "totalTokenCount": reply.prompt_tokens + reply.completion_tokens,
        }
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model, "responseId": "resp_1"}


def _signs(model: str) -> bool:
    return not re.match(r"gemini-[12]", model)


def _call_parts(reply: Reply, model: str) -> list[JsonValue]:
    parts: list[JsonValue] = []
    for position, call in enumerate(reply.calls):
        args = orjson.loads("".join(call.args) or "{}")
        part: JsonObject = {"functionCall": {"id": call.id, "name": call.name, "args": args}}
        parts.append({**part, "thoughtSignature": SIGNATURE} if _signs(model) and position == 0 else part)
    return parts


def _check_thinking(model: str, config: Mapping[str, Any] | None) -> None:
    if config is None:
        return
    wanted = "thinkingLevel" if _signs(model) else "thinkingBudget"
    must(set(config) <= {wanted, "includeThoughts"}, f"this model takes {wanted}")
    must(config.get("thinkingLevel", "LOW") in ("MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"), "unknown level")


def _check_contents(model: str, contents: object) -> None:
    must(isinstance(contents, list) and contents, "contents is not specified")
    assert isinstance(contents, list)
    for content in contents:
        must(content["role"] in ("user", "model"), "Please use a valid role: user, model.")
        parts = content["parts"]
        must(parts, "contents.parts must not be empty")
        calls = [part for part in parts if "functionCall" in part]
        if calls and _signs(model):
            must(
                calls[0].get("thoughtSignature") in (SIGNATURE, "skip_thought_signature_validator"),
                "Function call is missing a thought_signature",
            )
        for part in parts:
            if response := part.get("functionResponse"):
                must(isinstance(response["response"], dict) and response["name"], "function_response needs a name")
