"""Recordings as operations."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.recordings import receiving, service
from speko_core.sessions.schemas import SessionRef
from speko_core.sessions.worker_schemas import Accepted

NOT_AVAILABLE = ErrorCase(
    404, "RECORDING_NOT_AVAILABLE", "No such session, or its recording is not ready, failed, suppressed or deleted."
)

GET = Operation(
    id="sessions.recording",
    summary="Get the recording of a session",
    description="Redirects to a signed URL of the file, Ogg Opus. The URL holds for five minutes and works once.",
    scope="sessions:read",
    effect="read",
    input=SessionRef,
    output=service.RecordingUrl,
    run=service.locate,
    errors=(NOT_AVAILABLE,),
    http=Http("GET", "/v1/sessions/{id}/recording", 302, tag="Sessions"),
    tool=ToolBinding(
        "get_recording",
        "Get recording",
        "Use to let somebody listen to a session that is over. Takes a sessionId from list_sessions whose "
        "recordingStatus is ready. Returns a url that works once, within five minutes.",
        toolset="sessions",
        next_steps=("give the url to the person who wants to listen", "get_transcript to read it instead"),
        listed=False,
    ),
)
GIVE_UP = Operation(
    id="sessions.recording_failed",
    summary="Say that there will be no recording",
    scope="sessions:worker",
    effect="write",
    input=SessionRef,
    output=Accepted,
    run=receiving.give_up,
    http=Http("POST", "/internal/sessions/{id}/recording-failed", internal=True),
)

OPERATIONS: tuple[AnyOperation, ...] = (GET, GIVE_UP)
