"""The transaction of a chat message: its session, new or continued, and the caller's turn in the transcript."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError

from speko_core.chat.schemas import ChatInput
from speko_core.chat.speakers import seen_by_speaker, speaker
from speko_core.context import Ctx
from speko_core.errors import Conflict, InvalidInput, NotFound
from speko_core.handover import MOST_IN_A_ROW
from speko_core.ids import new_id, new_session_id
from speko_core.oneshot.schemas import ChatMessage
from speko_core.sessions import repository
from speko_core.sessions.announce import announce
from speko_core.sessions.compose import compose
from speko_core.sessions.frame import Frame
from speko_core.sessions.linking import linked_agents
from speko_core.sessions.models import SessionTurn, VoiceSession
from speko_core.sessions.offline import runs_offline
from speko_core.sessions.plan import SessionPlan
from speko_core.sessions.rules import Status
from speko_core.sessions.signing import sign_plan, verify_plan
from speko_core.validation import field_problems
from speko_core.versions.live import Serving, serving
from speko_core.versions.service import found_agent
from speko_core.warming import warm_within

KIND = "chat"
# A chat that nobody writes in for this long is over.
IDLE_S = 3600
MAX_TURNS = 1_000
# From an unanswered message to the next: each agent that comes to speak in the answer has a turn.
ROOM = MOST_IN_A_ROW + 2


@dataclass(frozen=True)
class Opened:
    """A message that is in the transcript and waits for its answer, which goes to `answer_index`.

    `agent_id` is the agent that speaks, and `messages` what it sees of the conversation.
    """

    session_id: str
    plan: SessionPlan
    agent_id: str | None
    messages: tuple[ChatMessage, ...]
    answer_index: int
    first_message: str | None


async def open_message(ctx: Ctx, agent_id: str, data: ChatInput) -> Opened:
    """Write the caller's turn.

    Raises:
        InvalidInput: the settings of a new chat are wrong.
        NotFound: no such agent, environment or chat here.
        Conflict: `SESSION_ENDED`, or `CHAT_TOO_LONG`.
    """
    agent = await found_agent(ctx, agent_id)
    if data.session_id is None:
        served = await serving(ctx, agent, data.environment)
        row, plan = await _started(ctx, served, data)
        first = plan.first_message if plan.first_message_mode == "say" else None
        turns = [_turn(ctx, row.id, 0, "agent", first, plan.agent_id)] if first else []
        ctx.db.add_all(turns)
    else:
        row, plan = await _continued(ctx, agent_id, data.session_id)
        first = None
        turns = list(await repository.turns(ctx.db, row.id))
    index = _next_index(turns)
    said = _turn(ctx, row.id, index, "user", data.message)
    ctx.db.add(said)
    row.expires_at, row.updated_at = ctx.now() + timedelta(seconds=IDLE_S), ctx.now()
    await ctx.db.flush()
    seen = [_message(turn) for turn in (*seen_by_speaker(plan, turns), said)]
    return Opened(row.id, plan, speaker(turns) or plan.agent_id, tuple(seen), index + 1, first)


async def _started(ctx: Ctx, served: Serving, data: ChatInput) -> tuple[VoiceSession, SessionPlan]:
    try:
        wanted = data.session(served.agent.id, IDLE_S)
    except ValidationError as error:
        problems = field_problems(error)
        raise InvalidInput(
            f"Invalid request: {'; '.join(f'{one.field}: {one.problem}' for one in problems)}", fields=problems
        ) from None
    frame = _frame(ctx, served)
    plan = compose(frame, wanted, served.agent)
    await warm_within(ctx.deps, ctx.organization_id, ctx.db)
    linked = await linked_agents(ctx, frame, wanted, served)
    plan = plan.model_copy(update={"offline": runs_offline(ctx.deps, ctx.principal, plan), "linked": linked})
    row = _row(ctx, frame, plan, served)
    ctx.db.add(row)
    await ctx.db.flush()
    await announce(ctx.db, row, Status.CREATED, ctx.now())
    return row, plan


def _frame(ctx: Ctx, served: Serving) -> Frame:
    return Frame(
        session_id=new_session_id(),
        organization_id=ctx.organization_id,
        mode=ctx.principal.mode,
        transport="text",
        expires_at=ctx.now() + timedelta(seconds=IDLE_S),
        now=ctx.now(),
        environment=served.environment,
        tools=served.tools,
    )


def _row(ctx: Ctx, frame: Frame, plan: SessionPlan, served: Serving) -> VoiceSession:
    """A session that is active from its first message on: nobody has to join."""
    text, signature = sign_plan(ctx.deps.secrets, plan)
    return VoiceSession(
        id=frame.session_id,
        organization_id=frame.organization_id,
        agent_id=served.agent.id,
        agent_name=served.agent.name,
        agent_version=served.agent.version,
        environment=frame.environment,
        status=Status.ACTIVE.value,
        kind=KIND,
        mode=frame.mode,
        language=plan.intent.language,
        plan=text,
        plan_signature=signature,
        transport=frame.transport,
        room_name=f"speko_{frame.session_id}",
        identity=f"user_{frame.session_id}",
        started_at=ctx.now(),
        expires_at=frame.expires_at,
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )


async def _continued(ctx: Ctx, agent_id: str, session_id: str) -> tuple[VoiceSession, SessionPlan]:
    row = await repository.get_locked(ctx.db, session_id)
    known = row is not None and row.kind == KIND and row.agent_id == agent_id and row.mode == ctx.principal.mode
    if row is None or not known:
        raise NotFound("Session not found", "SESSION_NOT_FOUND", hint="Leave sessionId out to start a new chat.")
    if row.status != Status.ACTIVE or row.expires_at <= ctx.now():
        raise Conflict("This chat has ended.", "SESSION_ENDED", hint="Leave sessionId out to start a new one.")
    return row, verify_plan(ctx.deps.secrets, row.plan, row.plan_signature)


def _next_index(turns: list[SessionTurn]) -> int:
    """The place of the next message. After an unanswered one it leaves room for the answers that may still come."""
    if not turns:
        return 0
    index = turns[-1].idx + (ROOM if turns[-1].source == "user" else 1)
    if index >= MAX_TURNS:
        raise Conflict("This chat has reached its length limit.", "CHAT_TOO_LONG", hint="Start a new one.")
    return index


def _turn(ctx: Ctx, session_id: str, index: int, source: str, text: str, agent_id: str | None = None) -> SessionTurn:
    return SessionTurn(
        id=new_id("turn"),
        organization_id=ctx.organization_id,
        session_id=session_id,
        idx=index,
        source=source,
        agent_id=agent_id,
        text=text,
        started_at=ctx.now(),
        ended_at=ctx.now(),
        interrupted=False,
        legs={},
        latency={},
        tool_calls=[],
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )


def _message(turn: SessionTurn) -> ChatMessage:
    return ChatMessage(role="user" if turn.source == "user" else "assistant", content=turn.text)
