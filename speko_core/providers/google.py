"""Google Gemini's own wire: `streamGenerateContent` as data-only events, ended by the end of the body.

Function calls of the 3.x models carry a signature that must come back with the call in the history, and a conversation
has only our tool-call ids to carry it; so it travels inside the id, behind a `~gs~`. Source: Google's API reference,
https://ai.google.dev/gemini-api/docs/thought-signatures and google-genai 3.4, read 2026-11-20.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from urllib.parse import quote

import httpx
import orjson

from speko_core.providers.base import (
    Credential,
    FailureKind,
    LlmEvent,
    LlmRequest,
    LlmUsage,
    Message,
    Provider,
    ProviderError,
    TextDelta,
    ToolCall,
)
from speko_core.providers.catalog import VendorFacts, load_catalog
from speko_core.providers.families.http import VendorHttp, vendor_request
from speko_core.providers.families.llm import LlmReader, effort_for, loads, portable_id, stream_llm
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.sse import SseEvent
from speko_core.providers.google_live import google_live
from speko_core.settings import Settings
from speko_core.types import JsonObject, JsonValue

VENDOR = "google"
SIGNED: Final = "~gs~"
# What Google documents for calls that another model made.
UNSIGNED: Final = "skip_thought_signature_validator"
_GOOD: Final = frozenset({"STOP", "MAX_TOKENS"})
_WITHHELD: Final = frozenset(
    {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"}
)


def build_google(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Gemini, in text and live."""
    facts = load_catalog()[VENDOR]
    return Provider(VENDOR, llm=Gemini(http, facts), s2s=google_live(sockets, facts), closers=(http,))


class Gemini:
    """The `LlmAdapter` of Google."""

    def __init__(self, http: VendorHttp, facts: VendorFacts) -> None:
        self._http, self._facts = http, facts

    def complete(self, request: LlmRequest, credential: Credential | None) -> AsyncIterator[LlmEvent]:
        """Yield deltas as they come, then whole tool calls, then one usage.

        Raises:
            ProviderError: as `FailureKind` says.
        """
        return stream_llm(self._http, self._wire(request, credential), GeminiReader(request))

    def _wire(self, request: LlmRequest, credential: Credential | None) -> httpx.Request:
        base_url = (credential and credential.base_url) or self._facts.base_url
        url = f"{base_url}/v1/models/{quote(request.model, safe='')}:streamGenerateContent"
        headers = {"content-type": "application/json", "x-goog-api-key": credential.secret if credential else ""}
        effort = effort_for(self._facts.model(request.model), request)
        return vendor_request(url, headers, orjson.dumps(_body(request, effort)), params=[("alt", "sse")])


def _body(request: LlmRequest, effort: str | None) -> JsonObject:
    body: JsonObject = {"contents": _contents(request)}
    texts = [request.system_prompt, *(message.content for message in request.messages if message.role == "system")]
    if system := "\n\n".join(text for text in texts if text):
        body["systemInstruction"] = {"parts": [{"text": system}]}
    if config := _config(request, effort):
        body["generationConfig"] = config
    return {**body, **_tools(request)}


def _config(request: LlmRequest, effort: str | None) -> JsonObject:
    config: JsonObject = {}
    if request.max_tokens is not None:
        config["maxOutputTokens"] = request.max_tokens
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if effort == "none":  # the 2.5 models count a budget
        config["thinkingConfig"] = {"thinkingBudget": 0}
    elif effort is not None:
        config["thinkingConfig"] = {"thinkingLevel": effort.upper()}
    return config


def _tools(request: LlmRequest) -> JsonObject:
    """`parametersJsonSchema` takes JSON Schema as it is; the older `parameters` takes a subset of OpenAPI's."""
    if not request.tools:
        return {}
    declarations: list[JsonValue] = [
        {
            "name": tool.name,
            "description": tool.description,
            "parametersJsonSchema": {"type": "object", **tool.parameters},
        }
        for tool in request.tools
    ]
    found: JsonObject = {"tools": [{"functionDeclarations": declarations}]}
    if request.tool_choice is not None:
        found["toolConfig"] = {"functionCallingConfig": _choice(request.tool_choice)}
    return found


def _choice(choice: str) -> JsonObject:
    if choice.startswith("tool:"):
        return {"mode": "ANY", "allowedFunctionNames": [choice.removeprefix("tool:")]}
    return {"mode": "ANY" if choice == "required" else choice.upper()}


def _contents(request: LlmRequest) -> list[JsonValue]:
    """Turns of one side are merged; a result names its function, which only the call in the history knows."""
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}
    turns: list[tuple[str, list[JsonValue]]] = []
    for message in request.messages:
        if message.role == "system":
            continue
        role = "model" if message.role == "assistant" else "user"
        if parts := _parts(message, names, _wants_signatures(request.model)):
            if turns and turns[-1][0] == role:
                turns[-1][1].extend(parts)
            else:
                turns.append((role, parts))
    # A call with nothing but instructions is legal with us; this wire wants contents.
    return [{"role": role, "parts": parts} for role, parts in turns] or [{"role": "user", "parts": [{"text": "."}]}]


def _wants_signatures(model: str) -> bool:
    return not model.startswith(("gemini-1", "gemini-2"))


def _parts(message: Message, names: dict[str, str], signed: bool) -> list[JsonValue]:
    if message.role == "tool":
        call_id = message.tool_call_id or ""
        response: JsonObject = {"error" if message.is_error else "output": message.content}
        name = names.get(call_id, "unknown")
        return [{"functionResponse": {"id": _plain(call_id), "name": name, "response": response}}]
    text: list[JsonValue] = [{"text": message.content}] if message.content else []
    # Of parallel calls only the first is signed.
    return [*text, *(_call_part(call, signed and call is message.tool_calls[0]) for call in message.tool_calls)]


def _call_part(call: ToolCall, signed: bool) -> JsonValue:
    signature = call.id.partition(SIGNED)[2] or (UNSIGNED if signed else "")
    part: JsonObject = {
        "functionCall": {"id": _plain(call.id), "name": call.name, "args": orjson.loads(call.args or "{}")}
    }
    return {**part, "thoughtSignature": signature} if signature else part


def _plain(call_id: str) -> str:
    return portable_id(call_id.partition(SIGNED)[0])


class GeminiReader(LlmReader):
    """Reads whole response objects; thoughts are never spoken."""

    def _take(self, event: SseEvent) -> Iterator[LlmEvent]:
        frame = loads(event.data)
        if usage := frame.get("usageMetadata"):
            self.usage = _usage(usage)
        if (frame.get("promptFeedback") or {}).get("blockReason"):
            self.refused = True
        for candidate in (frame.get("candidates") or ())[:1]:
            for part in (candidate.get("content") or {}).get("parts") or ():
                yield from self._part(part)
            if reason := candidate.get("finishReason"):
                self._finish(reason)

    def _part(self, part: dict[str, Any]) -> Iterator[LlmEvent]:
        if call := part.get("functionCall"):
            key = len(self.calls)
            call_id, signature = call.get("id") or f"call_{key}", part.get("thoughtSignature")
            args = orjson.dumps(call.get("args") or {}).decode()
            self.calls.start(key, f"{call_id}{SIGNED}{signature}" if signature else call_id, str(call["name"]), args)
        elif (text := part.get("text")) and not part.get("thought"):
            yield TextDelta(str(text))

    def _finish(self, reason: str) -> None:
        self.finished = True
        self.truncated = reason == "MAX_TOKENS"
        if reason in _WITHHELD:
            self.refused = True
        elif reason not in _GOOD:
            raise ProviderError(FailureKind.UPSTREAM, "the model stopped for a reason that is no answer")


def _usage(usage: dict[str, Any]) -> LlmUsage:
    """Thoughts are billed as output but not counted among the candidates' tokens."""

    def total(*names: str) -> int:
        return sum(int(usage.get(name) or 0) for name in names)

    return LlmUsage(
        total("promptTokenCount", "toolUsePromptTokenCount"), total("candidatesTokenCount", "thoughtsTokenCount")
    )
