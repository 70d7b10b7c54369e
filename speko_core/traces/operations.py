"""Traces as operations."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.sessions.schemas import SessionRef
from speko_core.sessions.worker_schemas import Accepted
from speko_core.traces import schemas, service

NOT_FOUND = ErrorCase(404, "SESSION_NOT_FOUND", "No session with this id exists in the authenticated organization.")

GET = Operation(
    id="sessions.spans",
    summary="Get the spans of a session",
    description="Where the time of a call went: turns, and within them recognition, model, tools and speech.",
    scope="sessions:read",
    effect="read",
    input=SessionRef,
    output=schemas.Trace,
    run=service.show,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/sessions/{id}/spans", tag="Sessions"),
    tool=ToolBinding(
        "get_session_spans",
        "Get session spans",
        "Use to find out why an agent answered late in a call that is over. Takes a sessionId from list_sessions. "
        "Returns spanTree: turns, and in each the milliseconds of vad, stt, llm, tools and tts with who served them.",
        toolset="sessions",
        next_steps=("get_transcript to read what was said in a slow turn",),
        listed=False,
    ),
)
ADD = Operation(
    id="sessions.add_spans",
    summary="Keep the spans of a session",
    scope="sessions:worker",
    effect="write",
    input=schemas.TraceAdd,
    output=Accepted,
    run=service.keep,
    errors=(NOT_FOUND,),
    http=Http("POST", "/internal/sessions/{id}/spans", internal=True),
)

OPERATIONS: tuple[AnyOperation, ...] = (GET, ADD)
