"""Sessions as operations: those of the public doors, and those of our own workers."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.realtime import creating
from speko_core.realtime.schemas import RealtimeCreated
from speko_core.schemas import Deleted
from speko_core.sessions import (
    agent_calls,
    claiming,
    creation_schemas,
    deletion,
    schemas,
    service,
    trial,
    turn_schemas,
    worker_schemas,
    worker_service,
)

NOT_FOUND = ErrorCase(404, "SESSION_NOT_FOUND", "No session with this id exists in the authenticated organization.")
AGENT_NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No agent with this id exists in the authenticated organization.")
CREATE_FAILED = ErrorCase(500, "SESSION_CREATE_FAILED", "No media transport or storage; nothing was left behind.")
RUNNING = ErrorCase(409, "SESSION_RUNNING", "The session has to end first.")
CLAIMED = ErrorCase(409, "SESSION_ALREADY_CLAIMED", "Another worker has this session.")
TAG = "Sessions"

CREATE = Operation(
    id="sessions.create",
    summary="Create a real-time voice session",
    description=(
        "Mints browser-safe media transport credentials, freezes the pipeline configuration, and lets an agent worker "
        "join when the caller connects. Per-call fields override the agent's. In mode `s2s` one model hears and "
        "speaks, over the WebSocket that is answered."
    ),
    scope="sessions:write",
    effect="write",
    input=creation_schemas.SessionCreate,
    output=creation_schemas.SessionCreated | RealtimeCreated,
    run=creating.start,
    errors=(AGENT_NOT_FOUND, CREATE_FAILED),
    http=Http("POST", "/v1/sessions", 201, tag=TAG),
    tool=ToolBinding(
        "create_session",
        "Create session",
        "Use to start a voice conversation with an agent, for a test or for a person. Needs agentId from list_agents "
        "(or intent.language and a systemPrompt). Returns talkUrl: give it to the person to open in a browser and "
        "speak. It works once and until expiresAt. With mode s2s it returns wsUrl and wsToken for a program instead.",
        toolset="sessions",
        next_steps=(
            "give talkUrl to the person, who opens it and speaks",
            "get_transcript with the sessionId after the conversation",
        ),
        open_world=True,
        listed=False,
    ),
)
START_TEST = Operation(
    id="sessions.start_test",
    summary="Start a test session",
    description="A session with an agent as it is deployed, and the page to speak on. Without an agent: the oldest.",
    scope="sessions:write",
    effect="write",
    input=trial.TestSessionStart,
    output=trial.TestSession,
    run=trial.start,
    errors=(AGENT_NOT_FOUND, CREATE_FAILED),
    http=Http("POST", "/v1/test-sessions", 201, tag=TAG),
    tool=ToolBinding(
        "start_test_session",
        "Start test session",
        "Use when somebody wants to talk to an agent now. Takes agentId from list_agents (default: the oldest agent). "
        "Returns talkUrl: give it to the person to open in a browser and speak. It works once and until expiresAt. "
        "create_session has every other option.",
        toolset="sessions",
        next_steps=(
            "give talkUrl to the person, who opens it and speaks",
            "get_transcript with the sessionId after the conversation",
        ),
        open_world=True,
    ),
)
LIST = Operation(
    id="sessions.list",
    summary="List sessions",
    description="Newest first; filters combine.",
    scope="sessions:read",
    effect="read",
    input=schemas.SessionList,
    output=schemas.SessionPage,
    run=service.list_sessions,
    http=Http("GET", "/v1/sessions", tag=TAG),
    tool=ToolBinding(
        "list_sessions",
        "List sessions",
        "Use to find session ids or see recent conversations, newest first. Filter by agent (an id from list_agents) "
        "or status; pass nextCursor as cursor for older ones.",
        toolset="sessions",
        next_steps=("get_transcript to read what was said", "get_session for one session"),
    ),
)
GET = Operation(
    id="sessions.get",
    summary="Get a session",
    description="One session with the plan it was frozen to.",
    scope="sessions:read",
    effect="read",
    input=schemas.SessionRef,
    output=schemas.SessionDetail,
    run=service.get,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/sessions/{id}", tag=TAG),
    tool=ToolBinding(
        "get_session",
        "Get session",
        "Use to see whether a session was joined, is running or has ended and why, and which settings it was frozen "
        "to. Takes a sessionId from create_session or list_sessions.",
        toolset="sessions",
        next_steps=("get_transcript once turnCount is above 0",),
        untrusted=True,
    ),
)
TRANSCRIPT = Operation(
    id="sessions.transcript",
    summary="Get the transcript of a session",
    description="Finished turns, oldest first, with the latency of each as far as known. Empty until somebody spoke.",
    scope="sessions:read",
    effect="read",
    input=schemas.SessionRef,
    output=turn_schemas.Transcript,
    run=service.transcript,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/sessions/{id}/transcript", tag=TAG),
    tool=ToolBinding(
        "get_transcript",
        "Get transcript",
        "Use to read what caller and agent said in a session, with the latency of every turn. Takes a sessionId from "
        "create_session or list_sessions. Turns appear within a second while the conversation runs.",
        toolset="sessions",
        next_steps=("update_agent to improve the prompt by what you read", "get_session when it is empty"),
        untrusted=True,
    ),
)
ADD_TURNS = Operation(
    id="sessions.add_turns",
    summary="Store finished turns of a session",
    description="Idempotent on (session, index): the same index replaces, the last write wins.",
    scope="sessions:turns",
    effect="write",
    input=turn_schemas.TurnsAdd,
    output=type(None),
    run=service.add_turns,
    errors=(NOT_FOUND,),
    http=Http("POST", "/v1/sessions/{id}/turns", 202, tag=TAG),
    tool=ToolBinding(
        "add_session_turns",
        "Add session turns",
        "Use to store turns that a worker of your own finished. Takes a sessionId and 1 to 200 turns; the same index "
        "replaces. Needs the scope sessions:turns.",
        toolset="sessions",
        next_steps=("get_transcript to read them back",),
        idempotent=True,
        listed=False,
    ),
)
END = Operation(
    id="sessions.end",
    summary="End a session",
    description="A session nobody joined ends at once; a running one answers `ending` and stops within seconds.",
    scope="sessions:write",
    effect="write",
    input=schemas.SessionRef,
    output=schemas.SessionState,
    run=service.end,
    errors=(NOT_FOUND,),
    http=Http("POST", "/v1/sessions/{id}/end", tag=TAG),
    tool=ToolBinding(
        "end_session",
        "End session",
        "Use to stop a conversation, or to close one that nobody joined. Takes a sessionId from list_sessions.",
        toolset="sessions",
        next_steps=("get_session until its status is ended",),
        idempotent=True,
        listed=False,
    ),
)
DELETE = Operation(
    id="sessions.delete",
    summary="Delete a session",
    description=(
        "Deletes a session that is over, with its transcript, tool calls and webhook deliveries. What was billed stays "
        "in usage and ledger."
    ),
    scope="sessions:write",
    effect="destroy",
    input=schemas.SessionRef,
    output=Deleted,
    run=deletion.delete,
    errors=(NOT_FOUND, RUNNING),
    http=Http("DELETE", "/v1/sessions/{id}", tag=TAG),
    tool=ToolBinding(
        "delete_session",
        "Delete session",
        "Use only when the person asked to delete this conversation; it cannot be undone. Takes a sessionId from "
        "list_sessions. A running one has to be ended first.",
        toolset="sessions",
        next_steps=("list_sessions to see what is left",),
        idempotent=True,
        listed=False,
    ),
)
AGENT_CALLS = Operation(
    id="agents.calls",
    summary="List calls for an agent",
    description="Sessions started from this agent, newest first.",
    scope="sessions:read",
    effect="read",
    input=agent_calls.AgentCallsQuery,
    output=agent_calls.AgentCallPage,
    run=agent_calls.agent_calls,
    errors=(AGENT_NOT_FOUND,),
    http=Http("GET", "/v1/agents/{id}/calls", tag="Agents"),
    tool=ToolBinding(
        "list_agent_calls",
        "List agent calls",
        "Use to see one agent's conversations, newest first. Takes an id from list_agents; since leaves out older "
        "ones, next_cursor as cursor continues.",
        toolset="sessions",
        next_steps=("get_transcript with the id of a call",),
        listed=False,
    ),
)
WORKER_HEARTBEAT = Operation(
    id="workers.heartbeat",
    summary="Renew a worker's lease",
    scope="worker:run",
    effect="write",
    input=worker_schemas.WorkerHeartbeat,
    output=worker_schemas.Accepted,
    run=worker_service.heartbeat_worker,
    http=Http("POST", "/internal/workers/heartbeat", internal=True),
)
CLAIM = Operation(
    id="sessions.claim",
    summary="Take a session, once",
    scope="worker:run",
    effect="write",
    input=worker_schemas.SessionClaim,
    output=worker_schemas.SessionClaimed,
    run=claiming.take,
    conclude=claiming.hand_over,
    errors=(NOT_FOUND, CLAIMED),
    http=Http("POST", "/internal/sessions/{id}/claim", internal=True),
)
HEARTBEAT = Operation(
    id="sessions.heartbeat",
    summary="Say that a session lives",
    scope="sessions:worker",
    effect="write",
    input=worker_schemas.SessionClaim,
    output=worker_schemas.SessionStatus,
    run=worker_service.heartbeat_session,
    errors=(NOT_FOUND,),
    http=Http("POST", "/internal/sessions/{id}/heartbeat", internal=True),
)
FINISH = Operation(
    id="sessions.finish",
    summary="Close a session",
    scope="sessions:worker",
    effect="write",
    input=worker_schemas.SessionFinish,
    output=worker_schemas.SessionStatus,
    run=worker_service.finish,
    errors=(NOT_FOUND,),
    http=Http("POST", "/internal/sessions/{id}/finish", internal=True),
)

OPERATIONS: tuple[AnyOperation, ...] = (
    CREATE, START_TEST, LIST, GET, TRANSCRIPT, ADD_TURNS, END, DELETE, AGENT_CALLS, WORKER_HEARTBEAT, CLAIM, HEARTBEAT,
    FINISH,
)  # fmt: skip
