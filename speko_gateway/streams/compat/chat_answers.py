"""A completion in OpenAI's words: one `chat.completion`, or chunks of it.

Source: https://platform.openai.com/docs/api-reference/chat/streaming, read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import orjson

from speko_core.errors import SpekoError
from speko_core.oneshot.complete import CompleteCall
from speko_core.providers.base import LlmEvent
from speko_core.types import JsonObject
from speko_gateway.streams.compat.envelope import error_object
from speko_gateway.streams.compat.frames import DONE, data
from speko_gateway.streams.compat.intent import named
from speko_gateway.streams.oneshot_answers import StreamAnswer, WholeAnswer


@dataclass(frozen=True)
class Label:
    """What every piece of one answer carries: its id, and when it was asked for in seconds since 1970.

    `left_out` names what the request said and no model will hear of.
    """

    id: str
    created: int
    left_out: tuple[str, ...] = ()

    def on(self, kind: str, call: CompleteCall, fields: JsonObject) -> JsonObject:
        """`fields` with what stands around them; the model is the one that answers."""
        return {"id": self.id, "object": kind, "created": self.created, "model": call.current.id, **fields}


class ChatAnswer(WholeAnswer[CompleteCall]):
    """One `chat.completion`."""

    def __init__(self, call: CompleteCall, label: Label) -> None:
        super().__init__(call)
        self._label = label

    def _routing_headers(self) -> Mapping[str, str]:
        return named(self._call.headers, self._label.left_out)

    def _whole(self) -> tuple[str, bytes]:
        result = self._call.result()
        message: JsonObject = {"role": "assistant", "content": result["text"] or None, "refusal": None}
        if calls := _calls(result):
            message["tool_calls"] = [*map(_tool_call, calls)]
        finish = _finish_reason(self._call, result)
        choice: JsonObject = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        fields: JsonObject = {"choices": [choice], "usage": _usage(result)}
        return "application/json", orjson.dumps(self._label.on("chat.completion", self._call, fields))


class ChatStream(StreamAnswer[CompleteCall, LlmEvent]):
    """Chunks; the last one with usage where that was asked for."""

    def __init__(self, call: CompleteCall, label: Label, include_usage: bool) -> None:
        super().__init__(call)
        self._label, self._include_usage, self._calls = label, include_usage, 0

    def _routing_headers(self) -> Mapping[str, str]:
        return named(self._call.headers, self._label.left_out)

    def _first(self) -> bytes:
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def _frames(self, batch: Sequence[LlmEvent]) -> bytes:
        return b"".join(map(self._frame, batch))

    def _frame(self, event: LlmEvent) -> bytes:
        kind, shown = self._call.wire(event) or ("", {})
        if kind == "delta":
            return self._chunk({"content": shown["text"]})
        if kind != "tool_call":
            return b""
        position, self._calls = self._calls, self._calls + 1
        return self._chunk({"tool_calls": [{"index": position, **_tool_call(shown)}]})

    def _last(self) -> bytes:
        result = self._call.result()
        ending = self._chunk({}, _finish_reason(self._call, result))
        if self._include_usage:
            ending += self._framed({"choices": [], "usage": _usage(result)})
        return ending + DONE

    def _failed(self, error: SpekoError) -> bytes:
        return data(error_object(error))

    def _chunk(self, delta: JsonObject, finish_reason: str | None = None) -> bytes:
        choice: JsonObject = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._framed({"choices": [choice], **({"usage": None} if self._include_usage else {})})

    def _framed(self, fields: JsonObject) -> bytes:
        return data(self._label.on("chat.completion.chunk", self._call, fields))


def _calls(result: JsonObject) -> Sequence[JsonObject]:
    return cast(Sequence[JsonObject], result.get("toolCalls") or ())


def _finish_reason(call: CompleteCall, result: JsonObject) -> str:
    if _calls(result):
        return "tool_calls"
    return "length" if call.truncated else "stop"


def _usage(result: JsonObject) -> JsonObject:
    counted = cast(Mapping[str, int], result["usage"])
    read, written = counted["promptTokens"], counted["completionTokens"]
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _tool_call(call: JsonObject) -> JsonObject:
    return {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["args"]}}
