"""Anthropic's messages wire.

The version is pinned to 2026-10-21. There `temperature`, `top_p` and `top_k` are a 400 whatever their value, so the
catalogue lists no `temperature` for any model and none is ever sent. Source: Anthropic's SDK 2.11 and API reference,
read 2026-11-20.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import httpx
import orjson

from speko_core.providers.base import (
    Credential,
    LlmEvent,
    LlmRequest,
    LlmUsage,
    Message,
    Provider,
    TextDelta,
)
from speko_core.providers.catalog import VendorFacts, load_catalog
from speko_core.providers.families.http import VendorHttp, vendor_request
from speko_core.providers.families.llm import LlmReader, effort_for, loads, portable_id, reported, stream_llm
from speko_core.providers.families.sse import SseEvent
from speko_core.settings import Settings
from speko_core.types import JsonObject, JsonValue

VENDOR = "anthropic"
VERSION: Final = "2026-10-21"
DEFAULT_MAX_TOKENS: Final = 4096  # the wire requires a number


def build_anthropic(settings: Settings, http: VendorHttp) -> Provider:
    """Messages."""
    return Provider(VENDOR, llm=AnthropicMessages(http, load_catalog()[VENDOR]), closers=(http,))


class AnthropicMessages:
    """The `LlmAdapter` of Anthropic."""

    def __init__(self, http: VendorHttp, facts: VendorFacts) -> None:
        self._http, self._facts = http, facts

    def complete(self, request: LlmRequest, credential: Credential | None) -> AsyncIterator[LlmEvent]:
        """Yield deltas as they come, then whole tool calls, then one usage.

        Raises:
            ProviderError: as `FailureKind` says.
        """
        return stream_llm(self._http, self._wire(request, credential), MessagesReader(request))

    def _wire(self, request: LlmRequest, credential: Credential | None) -> httpx.Request:
        base_url = (credential and credential.base_url) or self._facts.base_url
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream",
            "anthropic-version": VERSION,
            "x-api-key": credential.secret if credential else "",
        }
        return vendor_request(f"{base_url}/v1/messages", headers, orjson.dumps(self._body(request)))

    def _body(self, request: LlmRequest) -> JsonObject:
        body: JsonObject = {
            "model": request.model,
            "max_tokens": request.max_tokens or DEFAULT_MAX_TOKENS,
            "messages": _messages(request),
            "stream": True,
        }
        if system := _system(request):
            body["system"] = system
        return {**body, **_thinking(effort_for(self._facts.model(request.model), request)), **_tools(request)}


def _system(request: LlmRequest) -> str:
    """System messages anywhere in the conversation move to the top: the wire has no such role."""
    texts = [request.system_prompt, *(message.content for message in request.messages if message.role == "system")]
    return "\n\n".join(text for text in texts if text)


def _thinking(effort: str | None) -> JsonObject:
    """Current models think unless told not to, and a caller would hear that as silence."""
    if effort is None:
        return {}
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    return {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}


def _tools(request: LlmRequest) -> JsonObject:
    if not request.tools:
        return {}
    found: JsonObject = {
        "tools": [
            {"name": tool.name, "description": tool.description, "input_schema": {"type": "object", **tool.parameters}}
            for tool in request.tools
        ]
    }
    choice = _choice(request.tool_choice)
    if request.parallel_tool_calls is False and choice.get("type") != "none":
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    return {**found, "tool_choice": choice} if choice else found


def _choice(choice: str | None) -> JsonObject:
    if choice is None:
        return {}
    if choice.startswith("tool:"):
        return {"type": "tool", "name": choice.removeprefix("tool:")}
    return {"type": "any" if choice == "required" else choice}


def _messages(request: LlmRequest) -> list[JsonValue]:
    """Turns of one side are merged: tool results of parallel calls belong into one user message, results first."""
    turns: list[tuple[str, list[JsonValue]]] = []
    for message in request.messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if blocks := _blocks(message):
            if turns and turns[-1][0] == role:
                turns[-1][1].extend(blocks)
            else:
                turns.append((role, blocks))
    if not turns or turns[0][0] == "assistant":
        # Somebody has to have spoken first, and our agents may greet the caller first.
        turns.insert(0, ("user", [{"type": "text", "text": "."}]))
    return [{"role": role, "content": blocks} for role, blocks in turns]


def _blocks(message: Message) -> list[JsonValue]:
    if message.role == "tool":
        result: JsonObject = {
            "type": "tool_result",
            "tool_use_id": portable_id(message.tool_call_id or ""),
            "content": message.content,
        }
        return [{**result, "is_error": True} if message.is_error else result]
    # Empty text blocks are a 400.
    text: list[JsonValue] = [{"type": "text", "text": message.content}] if message.content.strip() else []
    uses: list[JsonValue] = [
        {"type": "tool_use", "id": portable_id(call.id), "name": call.name, "input": orjson.loads(call.args or "{}")}
        for call in message.tool_calls
    ]
    return text + uses


class MessagesReader(LlmReader):
    """Reads named frames up to `message_stop`. Thinking is never spoken."""

    def __init__(self, request: LlmRequest) -> None:
        super().__init__(request)
        self._prompt_tokens = 0

    def _take(self, event: SseEvent) -> Iterator[LlmEvent]:
        frame = loads(event.data)
        kind = frame.get("type")
        if kind == "content_block_delta":
            yield from self._delta(frame["index"], frame["delta"])
        elif kind == "content_block_start":
            yield from self._block(frame["index"], frame["content_block"])
        elif kind == "message_start":
            self._count(frame["message"].get("usage") or {})
        elif kind == "message_delta":
            self._stop(frame)
        elif kind == "message_stop":
            self.ended = True
        elif kind == "error":
            raise reported(frame)

    def _only_text(self, frame: dict[str, Any]) -> object:
        delta = frame["delta"] if frame.get("type") == "content_block_delta" else {}
        return delta.get("text") if delta.get("type") == "text_delta" else None

    def _block(self, index: int, block: dict[str, Any]) -> Iterator[LlmEvent]:
        if block["type"] == "tool_use":
            self.calls.start(index, block["id"], block["name"])
        elif block["type"] == "text" and block.get("text"):
            yield TextDelta(str(block["text"]))

    def _delta(self, index: int, delta: dict[str, Any]) -> Iterator[LlmEvent]:
        if delta["type"] == "text_delta":
            if text := delta["text"]:
                yield TextDelta(str(text))
        elif delta["type"] == "input_json_delta":
            self.calls.add(index, str(delta["partial_json"]))

    def _stop(self, frame: dict[str, Any]) -> None:
        reason = frame["delta"].get("stop_reason")
        self.finished = self.finished or bool(reason)
        self.refused = reason == "refusal"
        self.truncated = reason == "max_tokens"
        self._count(frame.get("usage") or {})

    def _count(self, usage: dict[str, Any]) -> None:
        """Counts are cumulative, and what was read from or written to the cache is counted apart."""
        read = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        self._prompt_tokens = max(self._prompt_tokens, sum(int(usage.get(name) or 0) for name in read))
        self.usage = LlmUsage(self._prompt_tokens, int(usage.get("output_tokens") or 0))
