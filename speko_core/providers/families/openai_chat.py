"""OpenAI's chat completions wire, which most vendors and every self-hosted server speak. Differences are data.

Source: https://platform.openai.com/docs/api-reference/chat, read 2026-11-20.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import orjson

from speko_core.providers.base import (
    Credential,
    FailureKind,
    LlmEvent,
    LlmRequest,
    LlmUsage,
    Message,
    ProviderError,
    TextDelta,
)
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.http import VendorHttp, vendor_request
from speko_core.providers.families.llm import LlmReader, effort_for, loads, portable_id, stream_llm
from speko_core.providers.families.sse import SseEvent
from speko_core.types import JsonObject, JsonValue


@dataclass(frozen=True)
class ChatDialect:
    """How a vendor departs from OpenAI. The defaults are OpenAI's own wire."""

    max_tokens: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    system_role: Literal["developer", "system"] = "developer"
    required: str = "required"  # what `tool_choice` calls "at least one"
    parallel_field: bool = True
    usage_option: bool = True  # asks for usage with `stream_options`; else it comes by itself or is estimated
    extra: Mapping[str, JsonValue] | None = None


class OpenAiChat:
    """The `LlmAdapter` of one vendor on this wire."""

    def __init__(self, http: VendorHttp, facts: VendorFacts, dialect: ChatDialect) -> None:
        self._http, self._facts, self._dialect = http, facts, dialect

    def complete(self, request: LlmRequest, credential: Credential | None) -> AsyncIterator[LlmEvent]:
        """Yield deltas as they come, then whole tool calls, then one usage.

        Raises:
            ProviderError: as `FailureKind` says.
        """
        return stream_llm(self._http, self._wire(request, credential), ChatReader(request))

    def _wire(self, request: LlmRequest, credential: Credential | None) -> httpx.Request:
        base_url = (credential and credential.base_url) or self._facts.base_url
        headers = {"content-type": "application/json", "accept": "text/event-stream"}
        if credential and credential.secret:
            headers["authorization"] = f"Bearer {credential.secret}"
        return vendor_request(f"{base_url}/chat/completions", headers, orjson.dumps(self._body(request)))

    def _body(self, request: LlmRequest) -> JsonObject:
        dialect = self._dialect
        body: JsonObject = {"model": request.model, "messages": self._messages(request), "stream": True}
        if dialect.usage_option:
            body["stream_options"] = {"include_usage": True}
        if request.max_tokens is not None:
            body[dialect.max_tokens] = request.max_tokens
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if (effort := effort_for(self._facts.model(request.model), request)) is not None:
            body["reasoning_effort"] = effort
        return {**body, **self._tools(request), **(dialect.extra or {})}

    def _messages(self, request: LlmRequest) -> list[JsonValue]:
        role = self._dialect.system_role
        system: list[JsonValue] = [{"role": role, "content": request.system_prompt}] if request.system_prompt else []
        return [*system, *(_message(message, role) for message in request.messages)]

    def _tools(self, request: LlmRequest) -> JsonObject:
        """`tool_choice` and `parallel_tool_calls` are legal only beside tools."""
        if not request.tools:
            return {}
        found: JsonObject = {
            "tools": [
                {
                    "type": "function",
                    "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
                }
                for tool in request.tools
            ]
        }
        if request.tool_choice is not None:
            found["tool_choice"] = self._choice(request.tool_choice)
        if request.parallel_tool_calls is not None and self._dialect.parallel_field:
            found["parallel_tool_calls"] = request.parallel_tool_calls
        return found

    def _choice(self, choice: str) -> JsonValue:
        if choice.startswith("tool:"):
            return {"type": "function", "function": {"name": choice.removeprefix("tool:")}}
        return self._dialect.required if choice == "required" else choice


def _message(message: Message, system_role: str) -> JsonValue:
    if message.role == "tool":
        # The wire has no flag for a failed tool; the model has to read it.
        content = f"Error: {message.content}" if message.is_error else message.content
        return {"role": "tool", "tool_call_id": portable_id(message.tool_call_id or ""), "content": content}
    if message.role == "system":
        return {"role": system_role, "content": message.content}
    if not message.tool_calls:
        return {"role": message.role, "content": message.content}
    calls: list[JsonValue] = [
        {"id": portable_id(call.id), "type": "function", "function": {"name": call.name, "arguments": call.args}}
        for call in message.tool_calls
    ]
    return {"role": "assistant", "content": message.content or None, "tool_calls": calls}


class ChatReader(LlmReader):
    """Reads data-only frames up to `[DONE]`. Thinking text (`reasoning`, `reasoning_content`) is never spoken."""

    def _take(self, event: SseEvent) -> Sequence[LlmEvent]:
        if event.data == b"[DONE]":
            self.ended = True
            return ()
        frame = loads(event.data)
        if usage := frame.get("usage") or ("x_groq" in frame and (frame["x_groq"] or {}).get("usage")):
            self._count(usage)
        found: list[LlmEvent] = []
        # The frame that carries the usage has no choices; Azure's first frame has none either.
        for choice in frame.get("choices") or ():
            delta = choice.get("delta") or {}
            if text := delta.get("content"):
                found.append(TextDelta(_text(text)))
            for fragment in delta.get("tool_calls") or ():
                self._fragment(fragment)
            if delta.get("refusal"):
                self.refused = True
            if reason := choice.get("finish_reason"):
                self._finish(reason)
        return found

    def _only_text(self, frame: dict[str, Any]) -> object:
        choices = frame.get("choices") or []
        if len(choices) != 1 or frame.get("usage") or "x_groq" in frame:
            return None
        delta = choices[0].get("delta") or {}
        more = choices[0].get("finish_reason") or delta.get("tool_calls") or delta.get("refusal")
        return None if more else delta.get("content")

    def _fragment(self, fragment: dict[str, Any]) -> None:
        key, call_id, function = fragment.get("index", 0), fragment.get("id"), fragment.get("function") or {}
        args = function.get("arguments") or ""
        if function.get("name") and self.calls.differs(key, call_id):
            self.calls.start(key, call_id, _text(function["name"]), _text(args))
        else:
            self.calls.add(key, _text(args))

    def _finish(self, reason: str) -> None:
        if reason == "error":
            raise ProviderError(FailureKind.UPSTREAM, "the host reports an error as its finish reason")
        self.finished = True
        self.refused = self.refused or reason == "content_filter"
        self.truncated = reason == "length"

    def _count(self, usage: dict[str, Any]) -> None:
        self.usage = LlmUsage(int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not text")
    return value
