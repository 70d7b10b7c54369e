"""Replies through `/v1/complete`, streamed; tools of the agent run in the gateway, runtime tools in the framework."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from livekit.agents import APIConnectOptions, llm
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr

from speko_core.types import JsonObject
from speko_worker.plugins.client import SpekoClient
from speko_worker.plugins.completion import SpekoLLMStream
from speko_worker.plugins.context import inline_tools
from speko_worker.plugins.intent import Constraints, Intent, validate_intent
from speko_worker.plugins.legs import CallSink, LegSink, ignore_call, ignore_leg
from speko_worker.plugins.registered_tools import ErrorSink, RegisteredTools, ignore_error

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
    """The router as a language model.

    With `agent_id` the tools of that agent are offered beside the framework's own, and run in the gateway.
    """

    def __init__(
        self,
        speko: SpekoClient,
        intent: Intent,
        *,
        options: LlmOptions | None = None,
        constraints: Constraints | None = None,
        agent_id: str | None = None,
        on_registered_tools_error: ErrorSink = ignore_error,
        on_leg: LegSink = ignore_leg,
        on_call: CallSink = ignore_call,
        on_action: ActionSink = ignore_action,
    ) -> None:
        super().__init__()
        validate_intent(intent)
        self._label = "speko.LLM"
        self.speko = speko
        self.on_leg = on_leg
        self.on_call = on_call
        self.on_action = on_action
        self.registered = RegisteredTools(speko, agent_id, on_registered_tools_error) if agent_id else None
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
    ) -> SpekoLLMStream:
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
