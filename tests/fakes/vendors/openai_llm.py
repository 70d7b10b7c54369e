"""OpenAI's `POST /v1/chat/completions`, and the same wire at Groq, xAI and self-hosted servers.

Behaviour as in OpenAI's API reference and SDK 3.52: its documented 400s, and the order of stream frames.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject
from tests.fakes.vendors.base import FakeVendor, Played, Seen
from tests.fakes.vendors.llm import HELLO, NOTHING, Invalid, Reply, must

FIELDS = frozenset(
    [
        "model",
        "messages",
        "stream",
        "stream_options",
        "temperature",
        "top_p",
        "max_tokens",
        "max_completion_tokens",
        "stop",
        "seed",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
        "verbosity",
        "service_tier",
        "metadata",
        "user",
        "n",
    ]
)
NO_TOOLS_WITH_EFFORT = re.compile(r"gpt-(5\.[4-9]|[6-9])")
REASONING = re.compile(r"(gpt-[5-9]|o\d)")
FINISH = {"stop": "stop", "length": "length", "refused": "content_filter"}
USUAL_CODES: Mapping[int, str] = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


class FakeOpenAiChat(FakeVendor):
    """One vendor on this wire. `base` is the path that its base URL ends in."""

    vendor = "openai"
    base: ClassVar[str] = "/v1"
    fields: ClassVar[frozenset[str]] = FIELDS
    roles: ClassVar[frozenset[str]] = frozenset({"developer", "system", "user", "assistant", "tool"})
    models: ClassVar[str] = r"gpt-|o\d"

    def __init__(self) -> None:
        super().__init__()
        self.reply: Reply = HELLO

    @property
    def base_url(self) -> str:
        """What a client is configured with."""
        return self.url + self.base

    def routes(self) -> Sequence[BaseRoute]:
        """Chat completions."""
        return [Route(f"{self.base}/chat/completions", self._chat, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        """OpenAI's envelope."""
        kind = "server_error" if status >= 500 else "invalid_request_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": code or USUAL_CODES.get(status)}}

    async def _chat(self, request: Request) -> Response:
        seen = await self.record(request)
        try:
            must(self.authorized(seen), "Incorrect API key provided.", "invalid_api_key", 401)
            self._check(seen.json)
        except Invalid as refusal:
            return self.error(refusal.status, refusal.code, refusal.message)
        if not seen.json.get("stream"):
            return self.play(request, Played([orjson.dumps(self._whole(seen.json))], "application/json"))
        pieces = [*self._frames(self.reply, seen.json)]
        empty = [*self._frames(NOTHING, seen.json)]
        malformed = b'data: {"choices": [{"delta": \n\n'
        return self.play(request, Played(pieces, "text/event-stream; charset=utf-8", empty, malformed, part=2))

    def authorized(self, seen: Seen) -> bool:
        """True with the one key."""
        return seen.headers.get("authorization") == f"Bearer {self.key}"

    def _check(self, body: Mapping[str, Any]) -> None:
        unknown = sorted(set(body) - self.fields)
        must(not unknown, f"Unrecognized request argument supplied: {unknown}", "unknown_parameter")
        must(isinstance(body.get("model"), str), "you must provide a model parameter", "missing_required_parameter")
        model = str(body["model"])
        must(re.match(self.models, model), f"The model `{model}` does not exist", "model_not_found", 404)
        must(body.get("stream") or "stream_options" not in body, "stream_options needs stream", "invalid_value")
        self._check_messages(body.get("messages"))
        self._check_tools(body)
        self._check_model(model, body)

    def _check_messages(self, messages: object) -> None:
        must(isinstance(messages, list) and messages, "messages must not be empty", "empty_array")
        assert isinstance(messages, list)
        asked: set[str] = set()
        for message in messages:
            must(message.get("role") in self.roles, "Invalid value for role", "invalid_value")
            calls = message.get("tool_calls")
            must(calls is None or calls, "tool_calls must not be empty", "empty_array")
            for call in calls or ():
                must(len(call["id"]) <= 40, "tool call id is too long", "string_above_max_length")
                orjson.loads(call["function"]["arguments"])
                asked.add(call["id"])
            has_text = isinstance(message.get("content"), str)
            must(has_text or calls, "content must be a string", "invalid_type")
            if message["role"] == "tool":
                must(message.get("tool_call_id") in asked, "tool must answer a preceding tool_calls", "invalid_value")

    def _check_tools(self, body: Mapping[str, Any]) -> None:
        tools = body.get("tools")
        must(tools is None or tools, "tools must not be empty", "empty_array")
        for name in ("tool_choice", "parallel_tool_calls"):
            must(tools or name not in body, f"{name} is only allowed when tools are specified", "invalid_value")
        names = {tool["function"]["name"] for tool in tools or () if tool["type"] == "function"}
        choice = body.get("tool_choice", "auto")
        if isinstance(choice, dict):
            must(choice["type"] == "function" and choice["function"]["name"] in names, "no such tool", "invalid_value")
        else:
            must(choice in ("none", "auto", "required"), "Invalid tool_choice", "invalid_value")

    def _check_model(self, model: str, body: Mapping[str, Any]) -> None:
        """Reasoning models: no `max_tokens`, the default temperature, and from 5.4 on no effort beside tools."""
        if not REASONING.match(model):
            must("reasoning_effort" not in body, "Unrecognized argument: reasoning_effort", "unsupported_parameter")
            return
        must("max_tokens" not in body, "Use 'max_completion_tokens' instead.", "unsupported_parameter")
        must(body.get("temperature", 1) == 1, "Only the default (1) is supported.", "unsupported_value")
        if body.get("tools") and NO_TOOLS_WITH_EFFORT.match(model):
            must(body.get("reasoning_effort") == "none", f"Function tools with reasoning_effort: {model}", None)

    def _frames(self, reply: Reply, body: Mapping[str, Any]) -> Iterator[bytes]:
        wants_usage = (body.get("stream_options") or {}).get("include_usage")
        yield self._frame({"role": "assistant", "content": ""}, body)
        for thought in reply.thoughts:
            yield self._frame({"reasoning_content": thought}, body)
        for text in reply.texts:
            yield self._frame({"content": text}, body)
        for index, call in enumerate(reply.calls):
            function: JsonObject = {"name": call.name, "arguments": ""}
            yield self._frame(
                {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]}, body
            )
            for piece in call.args:
                yield self._frame({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, body)
        yield self._frame({}, body, "tool_calls" if reply.calls else FINISH[reply.finish])
        if wants_usage:
            yield sse({**self._head(body, "chat.completion.chunk"), "choices": [], "usage": self._usage(reply)})
        yield b"data: [DONE]\n\n"

    def _frame(self, delta: JsonObject, body: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice: JsonObject = {"index": 0, "delta": delta, "finish_reason": finish}
        return sse({**self._head(body, "chat.completion.chunk"), "choices": [choice], "usage": None})

    def _whole(self, body: Mapping[str, Any]) -> JsonObject:
        reply = self.reply
        message: JsonObject = {"role": "assistant", "content": reply.text or None, "refusal": None}
        if reply.calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": "".join(call.args)}}
                for call in reply.calls
            ]
        finish = "tool_calls" if reply.calls else FINISH[reply.finish]
        choice: JsonObject = {"index": 0, "message": message, "finish_reason": finish}
        return {**self._head(body, "chat.completion"), "choices": [choice], "usage": self._usage(reply)}

    def _head(self, body: Mapping[str, Any], kind: str) -> JsonObject:
        return {"id": "chatcmpl-1", "object": kind, "created": 1_790_000_000, "model": str(body["model"])}

    def _usage(self, reply: Reply) -> JsonObject:
        total = reply.prompt_tokens + reply.completion_tokens
        return {
            "prompt_tokens": reply.prompt_tokens,
            "completion_tokens": reply.completion_tokens,
            "total_tokens": total,
        }


class FakeGroqChat(FakeOpenAiChat):
    """Groq: another path, no reasoning-model rules, unknown fields refused, usage also as `x_groq`."""

    vendor = "groq"
    base = "/openai/v1"
    fields = FIELDS - {"verbosity", "metadata"}
    models = r"openai/gpt-oss|qwen/"

    def _check_model(self, model: str, body: Mapping[str, Any]) -> None:
        allowed = ("low", "medium", "high") if "gpt-oss" in model else ("none", "default")
        must(body.get("reasoning_effort", allowed[0]) in allowed, "reasoning_effort must be one of its values", None)


class FakeXaiChat(FakeOpenAiChat):
    """xAI: its models, and errors as `{"code", "error": "text"}`."""

    vendor = "xai"
    models = r"grok-"

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        """xAI's flat shape."""
        return {"code": code or "Client specified an invalid argument", "error": message}

    def _check_model(self, model: str, body: Mapping[str, Any]) -> None:
        must("stop" not in body, "Argument not supported on this model: stop", None)
        must("reasoning_effort" not in body, "Argument not supported on this model: reasoning_effort", None)


class FakeSelfHosted(FakeOpenAiChat):
    """Ollama and vLLM: any model, any key or none, the older names, no rules."""

    vendor = "compatible"
    fields = FIELDS - {"max_completion_tokens", "reasoning_effort"}
    roles = frozenset({"system", "user", "assistant", "tool"})
    models = r"."

    def authorized(self, seen: Seen) -> bool:
        """Nobody is refused."""
        return True

    def _check_model(self, model: str, body: Mapping[str, Any]) -> None:
        """None of OpenAI's rules hold."""


def sse(data: JsonObject) -> bytes:
    """A data-only event."""
    return b"data: " + orjson.dumps(data) + b"\n\n"
