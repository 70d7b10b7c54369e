"""One model call: what `POST /v1/complete` is made of. Its tool calls are handed to whoever asked for it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

from speko_core.deps import Deps
from speko_core.oneshot.call import EventCall, Route, WireEvent, attempts
from speko_core.oneshot.candidates import route
from speko_core.oneshot.patience import Timing
from speko_core.oneshot.schemas import ChatMessage, CompleteInput, FunctionChoice
from speko_core.oneshot.usage import Attribution, Units, UsageSink
from speko_core.principal import Principal
from speko_core.providers.base import (
    FailureKind,
    LlmAdapter,
    LlmEvent,
    LlmRequest,
    LlmUsage,
    Message,
    Modality,
    ProviderError,
    TextDelta,
    Tool,
    ToolCall,
)
from speko_core.providers.credentials import resolve
from speko_core.routing.decision import Ranked
from speko_core.routing.eligibility import NO_NEEDS, Needs
from speko_core.types import JsonObject

TIMING = Timing(first_event_s=15.0, stall_s=20.0, overall_s=45.0)
CHARACTERS_PER_TOKEN = 4
# What an answer without a token limit is expected to be, for the credit it needs.
USUAL_ANSWER_TOKENS = 500
# What slow models read of a prompt before they answer.
CHARACTERS_READ_PER_S = 10_000


class CompleteCall(EventCall[LlmEvent]):
    """A completion on its way."""

    def __init__(self, route: Route[LlmEvent], prompt_characters: int) -> None:
        super().__init__(route)
        self._prompt_characters = prompt_characters

    @staticmethod
    def _is_real(event: LlmEvent) -> bool:
        return isinstance(event, ToolCall) or (isinstance(event, TextDelta) and event.text != "")

    def _reset(self) -> None:
        self._text: list[str] = []
        self._tool_calls: list[ToolCall] = []
        self._counted: LlmUsage | None = None

    def _absorb(self, event: LlmEvent) -> None:
        if isinstance(event, TextDelta):
            self._text.append(event.text)
        elif isinstance(event, ToolCall):
            self._tool_calls.append(event)
        else:
            self._counted = event

    def _check_whole(self) -> None:
        if not self._tool_calls and not "".join(self._text).strip():
            raise ProviderError(FailureKind.EMPTY, "only white space")

    def _units(self) -> Units:
        if self._counted is not None:
            found = self._counted
            return Units(
                prompt_tokens=found.prompt_tokens,
                completion_tokens=found.completion_tokens,
                estimated=found.estimated,
            )
        written = sum(map(len, self._text)) + sum(len(call.args) for call in self._tool_calls)
        return Units(
            prompt_tokens=self._prompt_characters // CHARACTERS_PER_TOKEN,
            completion_tokens=-(-written // CHARACTERS_PER_TOKEN),
            estimated=True,
        )

    @property
    def text(self) -> str:
        """What the model has said."""
        return "".join(self._text)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls it has asked for, in its order."""
        return tuple(self._tool_calls)

    @property
    def counted(self) -> LlmUsage:
        """The tokens as far as they are known."""
        return self._counted or LlmUsage(0, 0)

    @property
    def truncated(self) -> bool:
        """True when the limit of tokens ended the answer."""
        return self._counted is not None and self._counted.truncated

    def meta(self) -> JsonObject:
        """`meta` of the only hop."""
        return {**self.routed(), "totalFailoverCount": self.failover_count, "hop": 0}

    def wire(self, event: LlmEvent) -> WireEvent | None:
        """`delta` and `tool_call`."""
        if isinstance(event, TextDelta):
            return ("delta", {"text": event.text}) if event.text else None
        return ("tool_call", tool_call_wire(event)) if isinstance(event, ToolCall) else None

    def result(self) -> JsonObject:
        """Text, usage, and the tool calls when there are any."""
        result: JsonObject = {
            "text": self.text,
            **self.routed(),
            "usage": usage_wire(self.counted),
        }
        if self._tool_calls:
            result["toolCalls"] = [tool_call_wire(call) for call in self._tool_calls]
        return result


def tool_call_wire(call: ToolCall) -> JsonObject:
    """A tool call as the wire shows it; `args` is a JSON string that parses."""
    return {"id": call.id, "name": call.name, "args": call.args or "{}"}


def usage_wire(counted: LlmUsage) -> JsonObject:
    """Tokens as the wire shows them."""
    return {"promptTokens": counted.prompt_tokens, "completionTokens": counted.completion_tokens}


async def open_complete(
    deps: Deps,
    principal: Principal,
    data: CompleteInput,
    *,
    session_id: str | None = None,
    timing: Timing | None = None,
    usage: UsageSink | None = None,
) -> CompleteCall:
    """Route one model call; nothing is sent before `start`. Every tool is only offered, wherever it would run.

    Raises:
        InvalidInput: an allow-list entry is unknown.
        NoCandidate: no model may serve the call.
        InsufficientCredits: there is no credit for a managed call.
    """
    characters = sum(len(message.content) for message in data.messages) + len(data.system_prompt or "")
    estimate = Units(
        prompt_tokens=characters // CHARACTERS_PER_TOKEN, completion_tokens=data.max_tokens or USUAL_ANSWER_TOKENS
    )
    routed = await route(deps, principal, Modality.LLM, data.intent, data.constraints, _needs(data), estimate=estimate)
    request = _request(data)

    def ask(candidate: Ranked) -> AsyncIterator[LlmEvent]:
        provider = deps.providers.get(candidate.vendor)
        credential = resolve(deps, principal, candidate.vendor)
        return cast(LlmAdapter, provider and provider.llm).complete(_fitted(request, candidate), credential)

    attribution = Attribution(principal.organization_id, principal.mode, principal.session_id or session_id)
    tried = attempts(routed.decision, ask)
    sink = usage or deps.journal
    limits = timing or timing_for(data, characters)
    call_route = Route(routed.decision, tried, limits, attribution, sink, routed.reservation, routed.health)
    return CompleteCall(call_route, characters)


def timing_for(data: CompleteInput, characters: int) -> Timing:
    """Limits of a completion: long prompts and hard thought take longer than what the model was seen doing."""
    if data.reasoning_effort in ("medium", "high", "xhigh"):
        return TIMING._replace(first_event_floor_s=TIMING.first_event_s, hedge_floor_s=TIMING.first_event_s)
    reading_s = characters / CHARACTERS_READ_PER_S
    return TIMING._replace(first_event_floor_s=TIMING.first_event_floor_s + reading_s, hedge_floor_s=reading_s)


def _needs(data: CompleteInput) -> Needs:
    """Tools are needed; how freely and how hard a model thinks is a hint."""
    if not data.tools and data.temperature is None and data.reasoning_effort in (None, "none"):
        return NO_NEEDS
    effort = "reasoningEffortWithTools" if data.tools else "reasoningEffort"
    given = {"temperature": data.temperature is not None, effort: data.reasoning_effort not in (None, "none")}
    hints = frozenset(name for name, wanted in given.items() if wanted)
    return Needs(frozenset({"tools"}) if data.tools else frozenset(), hints=hints)


def _fitted(request: LlmRequest, candidate: Ranked) -> LlmRequest:
    """The request as this candidate can honour it."""
    ignored = candidate.ignored
    return replace(
        request,
        model=candidate.model,
        temperature=None if "temperature" in ignored else request.temperature,
        reasoning_effort=None
        if any(name.startswith("reasoningEffort") for name in ignored)
        else request.reasoning_effort,
    )


def _request(data: CompleteInput) -> LlmRequest:
    choice = data.tool_choice
    return LlmRequest(
        model="",
        language=data.intent.language,
        messages=tuple(map(_message, data.messages)),
        system_prompt=data.system_prompt,
        temperature=data.temperature,
        max_tokens=data.max_tokens,
        reasoning_effort=data.reasoning_effort,
        tools=tuple(Tool(tool.name, tool.description, tool.parameters) for tool in data.tools or ()),
        tool_choice=f"tool:{choice.function.name}" if isinstance(choice, FunctionChoice) else choice,
        parallel_tool_calls=data.parallel_tool_calls,
    )


def _message(message: ChatMessage) -> Message:
    calls = tuple(ToolCall(call.id, call.name, call.args) for call in message.tool_calls or ())
    return Message(message.role, message.content, calls, message.tool_call_id, bool(message.is_error))
