"""Draws the trace of one call from what its parts report: call → turn → vad, stt, llm, tool, tts, speech.

Names and attributes are those of OpenTelemetry's GenAI conventions where there are any. Nothing that was said is in it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from livekit.agents.telemetry.trace_types import gen_ai_provider_name
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, TracerProvider
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id, set_span_in_context

from speko_core.sessions.plan import SessionPlan
from speko_core.types import JsonObject
from speko_worker.plugins.legs import LegName, ServedCall
from speko_worker.records import Turn
from speko_worker.tracing.tree import Node

# A call that goes on longer is drawn to here; its turns are in the transcript all the same.
MAX_TURNS = 400
MAX_PARTS = 100

Attributes = Mapping[str, str | bool | int | float]
_OPERATIONS: Mapping[LegName, tuple[str, str]] = {
    "stt": ("transcribe", "text"),
    "llm": ("chat", "text"),
    "tts": ("synthesize", "speech"),
}


@dataclass(frozen=True)
class _Part:
    """A stretch within the turn that is being collected, in seconds since the epoch."""

    name: str
    began: float
    ended: float
    attributes: Attributes
    kind: SpanKind = SpanKind.INTERNAL
    failed: bool = False


class CallTrace:
    """Collects while the call runs; `finish` once, then it is complete."""

    def __init__(self, plan: SessionPlan, provider: TracerProvider, now: Callable[[], float] = time.time) -> None:
        self._tracer = provider.get_tracer("speko.call")
        self._now = now
        began = now()
        whole = _Part(f"invoke_agent {plan.agent_name or 'agent'}", began, began, _about(plan), SpanKind.SERVER)
        self._call = self._begin(whole, within=None)
        self._root = Node(self._call)
        self._parts: list[_Part] = []
        self._tools: dict[str, tuple[str, float]] = {}
        self._question: Turn | None = None
        self._turns = 0

    def on_call(self, served: ServedCall) -> None:
        """A provider was asked and has answered, or failed to."""
        operation, output = _OPERATIONS[served.name]
        leg = served.leg
        attributes = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": gen_ai_provider_name(leg.provider) or leg.provider,
            "gen_ai.request.model": leg.model,
            "gen_ai.output.type": output,
            "gen_ai.response.time_to_first_chunk": None if leg.first_ms is None else leg.first_ms / 1000,
            "gen_ai.usage.input_tokens": served.input_tokens,
            "gen_ai.usage.output_tokens": served.output_tokens,
            "speko.leg": served.name,
        }
        known = {name: value for name, value in attributes.items() if value is not None}
        self._add(_Part(f"{operation} {leg.model}", served.began, served.ended, known, SpanKind.CLIENT, served.failed))

    def on_tool_started(self, call_id: str, name: str) -> None:
        """A tool runs from now on."""
        self._tools[call_id] = (name, self._now())

    def on_tool_ended(self, call_id: str, *, failed: bool) -> None:
        """It has answered, or was given up."""
        if call_id not in self._tools:
            return
        name, began = self._tools.pop(call_id)
        attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.call.id": call_id}
        self._add(_Part(f"execute_tool {name}", began, self._now(), attributes, failed=failed))

    def on_turn(self, turn: Turn) -> None:
        """A turn was finished; that of the agent completes what began with the caller's."""
        if turn.source == "user":
            if self._question is not None:
                self._draw(self._question, None)
            self._question = turn
            return
        self._draw(self._question, turn)
        self._question = None

    def finish(self, reason: str, error: str | None) -> JsonObject:
        """End the call; returns `traceId` and `spanTree`."""
        if self._question is not None or self._parts:
            self._draw(self._question, None)
        self._call.set_attribute("speko.end_reason", reason)
        if self._turns > MAX_TURNS:
            self._call.set_attribute("speko.turns_left_out", self._turns - MAX_TURNS)
        if error:
            self._call.set_attribute("error.type", error)
            self._call.set_status(Status(StatusCode.ERROR))
        self._call.end(_nanoseconds(self._now()))
        trace_id = format_trace_id(self._call.get_span_context().trace_id)
        return {"traceId": trace_id, "spanTree": self._root.to_wire()}

    def _add(self, part: _Part) -> None:
        if len(self._parts) < MAX_PARTS:
            self._parts.append(part)

    def _draw(self, question: Turn | None, answer: Turn | None) -> None:
        parts = [*self._parts, *_heard(question), *_spoken(answer)]
        self._parts = []
        self._turns += 1
        if not parts or self._turns > MAX_TURNS:
            return
        began, ended = min(part.began for part in parts), max(part.ended for part in parts)
        whole = _Part("turn", began, ended, _about_turn(question, answer))
        turn = self._begin(whole, within=self._call)
        children = [self._drawn(part, turn) for part in parts]
        turn.end(_nanoseconds(ended))
        self._root.children.append(Node(turn, children))

    def _drawn(self, part: _Part, turn: Span) -> Node:
        span = self._begin(part, within=turn)
        if part.failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(_nanoseconds(part.ended))
        return Node(span)

    def _begin(self, part: _Part, within: Span | None) -> Span:
        context = set_span_in_context(within) if within else Context()
        began = _nanoseconds(part.began)
        span = self._tracer.start_span(part.name, context, part.kind, part.attributes, start_time=began)
        assert isinstance(span, Span)
        return span


def _about(plan: SessionPlan) -> Attributes:
    known = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.conversation.id": plan.session_id,
        "gen_ai.agent.id": plan.agent_id,
        "gen_ai.agent.name": plan.agent_name,
        "speko.mode": plan.mode,
    }
    return {name: value for name, value in known.items() if value is not None}


def _about_turn(question: Turn | None, answer: Turn | None) -> Attributes:
    known = {
        "speko.turn.question": question.index if question else None,
        "speko.turn.answer": answer.index if answer else None,
        "speko.turn.interrupted": answer.interrupted if answer else None,
        "speko.turn.latency_ms": answer.latency.total if answer else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _heard(question: Turn | None) -> list[_Part]:
    """The caller's speech, the noticing of its end, and the decision that the turn is over."""
    if question is None or question.ended_at is None:
        return []
    began, ended, latency = question.started_at.timestamp(), question.ended_at.timestamp(), question.latency
    waits = (("vad", latency.vad), ("end_of_turn", latency.eou))
    found = [_Part(name, ended, ended + wait / 1000, {}) for name, wait in waits if wait is not None]
    return [_Part("speech caller", began, ended, {}), *found]


def _spoken(answer: Turn | None) -> list[_Part]:
    if answer is None or answer.ended_at is None:
        return []
    return [_Part("speech agent", answer.started_at.timestamp(), answer.ended_at.timestamp(), {})]


def _nanoseconds(moment: float) -> int:
    return int(moment * 1e9)
