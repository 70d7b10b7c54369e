"""Where the time of a call went: one trace a call, stored with its session and exported where that is wanted."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from speko_core.sessions.plan import SessionPlan
from speko_core.settings import Settings
from speko_core.traces.schemas import TraceAdd
from speko_worker.plugins.legs import Leg, ServedCall
from speko_worker.records import Latency, Turn
from speko_worker.tracing.export import tracer_provider
from speko_worker.tracing.trace import MAX_TURNS, CallTrace
from tests.serving import served
from tests.worker.caller import calling
from tests.worker.conftest import until
from tests.worker.fake_gateway import FakeGateway

Span = dict[str, Any]


def walked(span: Span) -> Iterator[Span]:
    yield span
    for child in span["children"]:
        yield from walked(child)


def milliseconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() * 1000


@pytest.mark.usefixtures("worker")
async def test_a_call_leaves_the_spans_of_its_turns_and_no_word_of_them(gateway: FakeGateway) -> None:
    """SES-9: call → turn → vad, stt, llm, tool, tts, speech; each within its turn, named as GenAI conventions do."""
    gateway.script.tool, gateway.script.tool_s = "look_up", 0.1
    session = gateway.create(firstMessage="Good morning.", firstMessageMode="say")
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("turn")))
        caller.say("what time do you open")
        await until(lambda: len(caller.of("turn")) == 3)
        await caller.hang_up()
        await until(lambda: session.finished is not None)
    assert session.spans is not None
    trace: Any = TraceAdd.model_validate({"id": "s1", **session.spans}).model_dump(mode="json", by_alias=True)
    call: Span = trace["spanTree"]
    assert (call["name"], call["status"]) == ("invoke_agent Receptionist", "ok")
    assert call["attributes"]["gen_ai.conversation.id"] == "s1"
    assert call["attributes"]["speko.end_reason"] == "user"
    greeting, answer = call["children"]
    assert [part["name"] for part in greeting["children"]] == ["synthesize flite-rms", "speech agent"]
    assert sorted(part["name"] for part in answer["children"]) == [
        "chat sandbox-1", "end_of_turn", "execute_tool look_up", "speech agent", "speech caller",
        "synthesize flite-rms", "transcribe sphinx-free", "vad",
    ]  # fmt: skip
    parts = {part["name"]: part for part in answer["children"]}
    chat = parts["chat sandbox-1"]["attributes"]
    assert (chat["gen_ai.provider.name"], chat["gen_ai.usage.output_tokens"]) == ("sandbox", 4)
    assert chat["gen_ai.response.time_to_first_chunk"] >= 0.05
    assert 100 <= parts["execute_tool look_up"]["durationMs"] < 1_000
    for part in answer["children"]:
        assert milliseconds(part["startTime"]) >= milliseconds(answer["startTime"])
        assert milliseconds(part["endTime"]) <= milliseconds(answer["endTime"])
    kept = str(session.spans)
    assert not [text for _, text in session.texts if text in kept]


def turn(index: int, source: Any, at: float, lasts: float = 1.0) -> Turn:
    moments = (datetime.fromtimestamp(moment, UTC) for moment in (at, at + lasts))
    return Turn(index, source, "secret words", *moments, latency=Latency(vad=200, eou=500, total=900))


def plan() -> SessionPlan:
    return FakeGateway().create().plan


def test_spans_reach_the_exporter_as_the_tree_has_them() -> None:
    """OPS-3: the same ids, parents and times; a failed call is an error."""
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace = CallTrace(plan(), provider, now=iter([100.0, 104.5]).__next__)
    trace.on_call(ServedCall("stt", Leg("deepgram", "nova-3", 80.0), 102.0, 102.1))
    trace.on_turn(turn(0, "user", 101.0))
    trace.on_call(ServedCall("llm", Leg("unknown", "unknown"), 102.5, 103.0, failed=True))
    trace.on_turn(turn(1, "agent", 103.2))
    kept = trace.finish("user", None)
    sent = {f"{span.context.span_id:016x}": span for span in exporter.get_finished_spans() if span.context}
    tree: Any = kept["spanTree"]
    assert {span["spanId"] for span in walked(tree)} == set(sent)
    assert {f"{span.context.trace_id:032x}" for span in sent.values() if span.context} == {kept["traceId"]}
    (drawn,) = tree["children"]
    assert (drawn["startTime"], drawn["durationMs"]) == ("1970-01-01T00:01:41.000Z", pytest.approx(3_200))
    names = [part["name"] for part in drawn["children"]]
    assert names == ["speech caller", "transcribe nova-3", "vad", "end_of_turn", "chat unknown", "speech agent"]
    assert [part["name"] for part in walked(tree) if part["status"] == "error"] == ["chat unknown"]
    parents = {span.parent.span_id for span in sent.values() if span.parent}
    assert parents == {int(tree["spanId"], 16), int(drawn["spanId"], 16)}


async def test_a_collector_is_sent_the_spans_with_its_headers() -> None:
    """OPS-3: OTLP over HTTP, as `SPEKO_OTLP_ENDPOINT` and `SPEKO_OTLP_HEADERS` say."""
    got: list[tuple[str | None, ExportTraceServiceRequest]] = []

    async def _collect(request: Request) -> Response:
        got.append((request.headers.get("x-team"), ExportTraceServiceRequest.FromString(await request.body())))
        return Response(b"", media_type="application/x-protobuf")

    app = Starlette(routes=[Route("/v1/traces", _collect, methods=["POST"])])
    settings = Settings(otlp_headers=SecretStr("x-team=voice"), _env_file=None)
    async with served(uvicorn.Config(app, log_config=None, lifespan="off")) as url:
        provider = tracer_provider(url, settings.otlp_header_pairs)
        trace = CallTrace(plan(), provider)
        trace.on_turn(turn(0, "agent", 100.0))
        kept = trace.finish("user", None)
        await asyncio.to_thread(provider.shutdown)
    ((team, sent),) = got
    spans = sent.resource_spans[0].scope_spans[0].spans
    assert team == "voice"
    assert sorted(span.name for span in spans) == ["invoke_agent Receptionist", "speech agent", "turn"]
    assert {span.trace_id.hex() for span in spans} == {kept["traceId"]}


def test_a_call_without_end_has_a_trace_of_bounded_size() -> None:
    """OPS-3: the rest is counted."""
    trace = CallTrace(plan(), TracerProvider())
    for number in range(MAX_TURNS + 5):
        trace.on_turn(turn(number, "agent", 100.0 + number))
    tree: Any = trace.finish("error", "LLM_FAILED")["spanTree"]
    assert len(tree["children"]) == MAX_TURNS
    assert tree["attributes"]["speko.turns_left_out"] == 5
    assert (tree["status"], tree["attributes"]["error.type"]) == ("error", "LLM_FAILED")
