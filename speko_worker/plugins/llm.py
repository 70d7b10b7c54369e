"""Replies through `/v1/complete`, streamed; tools of the agent run in the gateway, runtime tools in the framework."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from livekit.agents import APIConnectOptions, llm
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr

from speko_core.types import JsonObject
from speko_worker.plugins.client import SpekoClient, event_error, stream_ended
from speko_worker.plugins.context import conversation, inline_tools, valid_args
from speko_worker.plugins.errors import SpekoApiError, to_livekit
from speko_worker.plugins.intent import Constraints, Intent, validate_intent
from speko_worker.plugins.legs import Leg, LegSink, ignore_leg
from speko_worker.plugins.sse import SseEvent

# What tools did: `{"type": "tool_called", "id", "name", "args"}`, `{"type": "tool_ended", "id", "failed"}`; or what
# they ask of the call, such as `{"type": "end_call"}`.
ActionSink = Callable[[JsonObject], None]


def ignore_action(_action: JsonObject) -> None:
    """The sink of a plugin whose owner conducts no call."""


@dataclass(frozen=True)
class LlmOptions:
    """Tuning forwarded to every call; None leaves it to the gateway."""

    temperature: float | None = None
    max_tokens: int | None = None


class SpekoLLM(llm.LLM[str]):
    """The router as a language model."""

    def __init__(
        self,
        speko: SpekoClient,
        intent: Intent,
        *,
        options: LlmOptions | None = None,
        constraints: Constraints | None = None,
        on_leg: LegSink = ignore_leg,
        on_action: ActionSink = ignore_action,
    ) -> None:
        super().__init__()
        validate_intent(intent)
        self._label = "speko.LLM"
        self.speko = speko
        self.on_leg = on_leg
        self.on_action = on_action
        # Which agent of the session speaks, as the gateway wants it said; nothing until there was a handover.
        self.speaker: Callable[[], JsonObject] = dict
        self.retune(intent, options or LlmOptions(), constraints or Constraints())

    def retune(self, intent: Intent, options: LlmOptions, constraints: Constraints) -> None:
        """Other settings from the next completion on."""
        self._base = _base_body(intent, options, constraints)

    @property
    def provider(self) -> str:
        """Always `speko`: which vendor served is in the leg."""
        return "speko"

    @property
    def model(self) -> str:
        """Always `speko-router`."""
        return "speko-router"

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,
    ) -> "SpekoLLMStream":
        """Start one completion; deltas arrive as the provider writes them."""
        body = {**self._base, **self.speaker()}
        if tools:
            body["tools"] = [*inline_tools(tools)]
            if isinstance(parallel_tool_calls, bool):
                body["parallelToolCalls"] = parallel_tool_calls
            if isinstance(tool_choice, str):
                body["toolChoice"] = tool_choice
            elif isinstance(tool_choice, dict):
                body["toolChoice"] = {"type": "function", "function": {"name": tool_choice["function"]["name"]}}
        return SpekoLLMStream(self, body, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


def _base_body(intent: Intent, options: LlmOptions, constraints: Constraints) -> JsonObject:
    body: JsonObject = {"intent": intent.to_wire()}
    if allowed := constraints.to_wire():
        body["constraints"] = allowed
    if options.temperature is not None:
        body["temperature"] = options.temperature
    if options.max_tokens is not None:
        body["maxTokens"] = options.max_tokens
    return body


class SpekoLLMStream(llm.LLMStream):
    """One completion being streamed."""

    def __init__(
        self,
        owner: SpekoLLM,
        body: JsonObject,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool],
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(owner, chat_ctx=chat_ctx, tools=tools, conn_options=conn_options)
        # A second attempt after words were spoken would repeat them, and run server-side tools twice.
        self._retry_on_chunk_sent = False
        self._owner = owner
        self._body = body
        self._id = str(uuid4())
        self._began = 0.0
        self._leg = Leg("unknown", "unknown")
        self._running: list[str] = []

    async def _run(self) -> None:
        self._began = time.perf_counter()
        body: JsonObject = {**self._body, "messages": [*conversation(self._chat_ctx)]}
        try:
            async with self._owner.speko.complete(body) as events:
                async for event in events:
                    self._handle(event)
                    if event.name == "done":
                        return
            raise stream_ended()
        except (SpekoApiError, httpx.HTTPError) as error:
            raise to_livekit(error, started=self._event_ch.output_sent) from error
        finally:
            # Whoever interrupts the answer does not hear how its tools end.
            for call_id in [*self._running]:
                self._tool_ended(call_id, failed=True)

    def _handle(self, event: SseEvent) -> None:
        data = event.data
        if event.name == "error":
            raise event_error(event)
        if event.name == "meta":
            self._leg = Leg(str(data["provider"]), str(data["model"]))
        elif event.name == "delta":
            self._note_first_output()
            self._send(llm.ChoiceDelta(role="assistant", content=str(data["text"])))
        elif event.name == "tool_call":
            self._note_first_output()
            call = llm.FunctionToolCall(
                name=str(data["name"]), arguments=valid_args(str(data["args"])), call_id=str(data["id"])
            )
            self._send(llm.ChoiceDelta(role="assistant", tool_calls=[call]))
        elif event.name == "server_tool_call":
            self._note_tool(data)
        elif event.name == "done":
            self._note_first_output()
            self._event_ch.send_nowait(llm.ChatChunk(id=self._id, usage=_usage(data)))
            for action in _actions(data):
                self._owner.on_action(action)

    def _note_tool(self, data: JsonObject) -> None:
        call_id, status = str(data.get("id")), data.get("status")
        if status == "started":
            self._running.append(call_id)
            called = {"name": data.get("name"), "args": data.get("args", "{}")}
            self._owner.on_action({"type": "tool_called", "id": call_id, **called})
        elif call_id in self._running:
            self._tool_ended(call_id, failed=status == "failed")

    def _tool_ended(self, call_id: str, *, failed: bool) -> None:
        self._running.remove(call_id)
        self._owner.on_action({"type": "tool_ended", "id": call_id, "failed": failed})

    def _send(self, delta: llm.ChoiceDelta) -> None:
        self._event_ch.send_nowait(llm.ChatChunk(id=self._id, delta=delta))

    def _note_first_output(self) -> None:
        if self._leg.first_ms is None:
            first_ms = (time.perf_counter() - self._began) * 1000
            self._leg = Leg(self._leg.provider, self._leg.model, first_ms)
            self._owner.on_leg("llm", self._leg)


def _actions(done: JsonObject) -> list[JsonObject]:
    asked = done.get("actions")
    return [action for action in asked if isinstance(action, dict)] if isinstance(asked, list) else []


def _usage(done: JsonObject) -> llm.CompletionUsage | None:
    usage = done.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("promptTokens"), usage.get("completionTokens")
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    return llm.CompletionUsage(
        prompt_tokens=prompt, completion_tokens=completion, prompt_cached_tokens=0, total_tokens=prompt + completion
    )
