"""Anthropic's `POST /v1/messages`, with the rules of API version 2026-10-21 and the classic 2023-06-01.

Behaviour as in Anthropic's API reference and SDK 2.11.
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
    [
        "model",
        "messages",
        "max_tokens",
        "system",
        "stream",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "metadata",
        "service_tier",
        "speed",
        "cache_control",
    ]
)
TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
CURRENT = "2026-10-21"
FINISH = {"stop": "end_turn", "length": "max_tokens", "refused": "refusal"}
EFFORTS = ("low", "medium", "high", "xhigh", "max")


class FakeAnthropic(FakeVendor):
    """Messages, streamed or whole."""

    vendor = "anthropic"

    def __init__(self) -> None:
        super().__init__()
        self.reply: Reply = HELLO

    @property
    def base_url(self) -> str:
        """What a client is configured with."""
        return self.url

    def routes(self) -> Sequence[BaseRoute]:
        """Messages."""
        return [Route("/v1/messages", self._messages, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        """Anthropic's envelope."""
        kind = code or TYPES.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}

    async def _messages(self, request: Request) -> Response:
        seen = await self.record(request)
        try:
            self._check(seen)
        except Invalid as refusal:
            return self.error(refusal.status, refusal.code, refusal.message)
        if not seen.json.get("stream"):
            return self.play(request, Played([orjson.dumps(self._whole(seen.json))], "application/json"))
        pieces, empty = [*self._frames(self.reply, seen.json)], [*self._frames(NOTHING, seen.json)]
        malformed = b'event: content_block_delta\ndata: {"type": "content_block_delta", "ind\n\n'
        return self.play(request, Played(pieces, "text/event-stream", empty, malformed, part=4))

    def _check(self, seen: Seen) -> None:
        given = seen.headers.get("x-api-key") or seen.headers.get("authorization", "").removeprefix("Bearer ")
        must(given == self.key, "invalid x-api-key", status=401)
        version = seen.headers.get("anthropic-version")
        must(version in (CURRENT, "2023-06-01"), "anthropic-version: header is required")
        body: Mapping[str, Any] = seen.json
        unknown = set(body) - FIELDS
        must(not unknown, f"{unknown}: Extra inputs are not permitted")
        if version == CURRENT:
            for name in ("temperature", "top_p", "top_k"):
                must(name not in body, f"{name}: Extra inputs are not permitted")
        must(str(body.get("model", "")).startswith("claude-"), "model: not found", status=404)
        must(isinstance(body.get("max_tokens"), int) and body["max_tokens"] > 0, "max_tokens: Field required")
        must(body.get("system") is None or body["system"], "system: must not be empty")
        _check_messages(body.get("messages"))
        _check_tools(body)
        _check_thinking(body)

    def _frames(self, reply: Reply, body: Mapping[str, Any]) -> Iterator[bytes]:
        usage: JsonObject = {"input_tokens": reply.prompt_tokens - 1, "cache_read_input_tokens": 1, "output_tokens": 1}
        yield named({"type": "message_start", "message": {**self._head(body), "content": [], "usage": usage}})
        yield named({"type": "ping"})
        index = 0
        for kind, pieces in (("thinking", reply.thoughts), ("text", reply.texts)):
            if pieces:
                yield _start(index, {"type": kind, kind: ""})
                for piece in pieces:
                    yield _delta(index, {"type": f"{kind}_delta", kind: piece})
                yield named({"type": "content_block_stop", "index": index})
                index += 1
        for call in reply.calls:
            yield _start(index, {"type": "tool_use", "id": call.id, "name": call.name, "input": {}})
            for piece in ("", *call.args):
                yield _delta(index, {"type": "input_json_delta", "partial_json": piece})
            yield named({"type": "content_block_stop", "index": index})
            index += 1
        delta: JsonObject = {"stop_reason": _reason(reply), "stop_sequence": None}
        yield named({"type": "message_delta", "delta": delta, "usage": {"output_tokens": reply.completion_tokens}})
        yield named({"type": "message_stop"})

    def _whole(self, body: Mapping[str, Any]) -> JsonObject:
        reply = self.reply
        content: list[JsonValue] = [{"type": "text", "text": reply.text}] if reply.text else []
        content += [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": orjson.loads("".join(call.args) or "{}")}
            for call in reply.calls
        ]
        usage: JsonObject = {"input_tokens": reply.prompt_tokens, "output_tokens": reply.completion_tokens}
        return {**self._head(body), "content": content, "stop_reason": _reason(reply), "usage": usage}

    def _head(self, body: Mapping[str, Any]) -> JsonObject:
        return {
            "id": "msg_1", "type": "message", "role": "assistant", "model": str(body["model"]),
            "stop_reason": None, "stop_sequence": None,
        }  # fmt: skip


def _reason(reply: Reply) -> str:
    return "tool_use" if reply.calls else FINISH[reply.finish]


def _check_messages(messages: object) -> None:
    must(isinstance(messages, list) and messages, "messages: at least one message is required")
    assert isinstance(messages, list)
    must(messages[0]["role"] == "user", "messages: first message must use the user role")
    uses: set[str] = set()
    for message in messages:
        must(message["role"] in ("user", "assistant"), "messages: unexpected role")
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        must(blocks, "messages: content must not be empty")
        answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        must(answered == uses, "messages: every tool_use needs its tool_result in the next message, and no other")
        order = [block["type"] == "tool_result" for block in blocks]
        must(order == sorted(order, reverse=True), "messages: tool_result blocks come first")
        for block in blocks:
            must(block["type"] != "text" or block["text"].strip(), "messages: text blocks must be non-empty")
        uses = {block["id"] for block in blocks if block["type"] == "tool_use"}
        must(all(re.fullmatch(r"[a-zA-Z0-9_-]+", use) for use in uses), "messages: tool_use id pattern")


def _check_tools(body: Mapping[str, Any]) -> None:
    tools, choice = body.get("tools"), body.get("tool_choice")
    must(choice is None or tools, "tool_choice: needs tools")
    for tool in tools or ():
        must(tool["input_schema"].get("type") == "object", "tools: input_schema.type must be object")
    if choice:
        must(choice["type"] in ("auto", "any", "tool", "none"), "tool_choice: unknown type")
        must(choice["type"] != "none" or set(choice) == {"type"}, "tool_choice: Extra inputs are not permitted")


def _check_thinking(body: Mapping[str, Any]) -> None:
    kind = (body.get("thinking") or {"type": "disabled"})["type"]
    must(kind in ("disabled", "adaptive", "enabled", "between_tools"), "thinking: unknown type")
    cannot_stop = re.match(r"claude-(fable|mythos)", str(body["model"]))
    must(not cannot_stop or body.get("thinking") != {"type": "disabled"}, "thinking: cannot be disabled")
    effort = (body.get("output_config") or {}).get("effort", "low")
    must(effort in EFFORTS, "output_config.effort: unknown value")


def _start(index: int, block: JsonObject) -> bytes:
    return named({"type": "content_block_start", "index": index, "content_block": block})


def _delta(index: int, delta: JsonObject) -> bytes:
    return named({"type": "content_block_delta", "index": index, "delta": delta})


def named(data: JsonObject) -> bytes:
    """A named event."""
    return b"event: " + str(data["type"]).encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
