"""Creating a session: the plan is frozen and signed, the caller gets a single-use credential."""

from datetime import timedelta
from urllib.parse import quote

from sqlalchemy.exc import SQLAlchemyError

from speko_core.agents.schemas import AgentRow
from speko_core.context import Ctx
from speko_core.ids import new_session_id
from speko_core.ports.rooms import RoomAccess, RoomRequest, RoomsError
from speko_core.recordings.consent import allows_recording
from speko_core.recordings.rules import RecordingStatus
from speko_core.sessions.compose import compose
from speko_core.sessions.creation_schemas import SessionCreate, SessionCreated
from speko_core.sessions.frame import Frame
from speko_core.sessions.linking import linked_agents
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.offline import routed
from speko_core.sessions.plan import SessionPlan
from speko_core.sessions.rooms import create_failed, open_room
from speko_core.sessions.rules import Status
from speko_core.sessions.signing import sign_plan
from speko_core.versions.live import Serving, serving
from speko_core.versions.service import found_agent
from speko_core.warming import warm_within

KIND_WEB = "web"


async def create(ctx: Ctx, data: SessionCreate) -> SessionCreated:
    """Freeze the plan, admit the caller, store the session, open its room after the commit; all or nothing.

    Raises:
        InvalidInput: neither agent nor intent, an unknown provider in an allow-list, or variables that are missing.
        NotFound: no such agent here, or no such environment of it.
        Failed: `SESSION_CREATE_FAILED`, no media transport or no storage; nothing is left behind.
    """
    served = await _served(ctx, data)
    agent = served.agent if served else None
    frame = _frame(ctx, data, served, may_record=await allows_recording(ctx.db, ctx.organization_id))
    session_id = frame.session_id
    plan = compose(frame, data, agent)
    await warm_within(ctx.deps, ctx.organization_id, ctx.db)
    linked = await linked_agents(ctx, frame, data, served)
    settled = {**routed(ctx.deps, ctx.principal, plan), "client_overrides": ctx.deps.settings.client_overrides}
    plan = plan.model_copy(update={**settled, "linked": linked})
    request = RoomRequest(session_id, f"speko_{session_id}", data.identity or f"user_{session_id}", data.ttl_seconds)
    access = await _admit(ctx, request)
    ctx.db.add(_row(ctx, frame, plan, request, access, agent))
    await _flush(ctx)
    ctx.resource_id = session_id
    ctx.after_commit(lambda: open_room(ctx.deps, frame.organization_id, request))
    return _answer(ctx, frame, request, access)


async def _served(ctx: Ctx, data: SessionCreate) -> Serving | None:
    if data.agent_id is None:
        return None
    return await serving(ctx, await found_agent(ctx, data.agent_id), data.environment)


def _frame(ctx: Ctx, data: SessionCreate, served: Serving | None, *, may_record: bool) -> Frame:
    return Frame(
        session_id=new_session_id(),
        organization_id=ctx.organization_id,
        mode=ctx.principal.mode,
        transport=ctx.deps.rooms.transport,
        expires_at=ctx.now() + timedelta(seconds=data.ttl_seconds),
        now=ctx.now(),
        environment=served.environment if served else None,
        may_record=may_record,
        tools=served.tools if served else {},
    )


async def _admit(ctx: Ctx, request: RoomRequest) -> RoomAccess:
    try:
        return await ctx.deps.rooms.admit(request)
    except RoomsError:
        raise create_failed("The media transport cannot take a session now; try again shortly.") from None


async def _flush(ctx: Ctx) -> None:
    try:
        await ctx.db.flush()
    except SQLAlchemyError as error:
        raise create_failed("The session could not be stored; try again shortly.") from error


def _row(
    ctx: Ctx, frame: Frame, plan: SessionPlan, request: RoomRequest, access: RoomAccess, agent: AgentRow | None
) -> VoiceSession:
    text, signature = sign_plan(ctx.deps.secrets, plan)
    return VoiceSession(
        id=frame.session_id,
        organization_id=frame.organization_id,
        agent_id=agent.id if agent else None,
        agent_name=agent.name if agent else None,
        agent_version=agent.version if agent else None,
        environment=frame.environment,
        status=Status.CREATED.value,
        kind=KIND_WEB,
        mode=frame.mode,
        language=plan.intent.language,
        plan=text,
        plan_signature=signature,
        transport=frame.transport,
        room_name=request.room_name,
        identity=request.identity,
        token_digest=ctx.deps.secrets.digest(access.token),
        expires_at=frame.expires_at,
        recording_status=None if plan.record else RecordingStatus.SUPPRESSED.value,
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )


def _answer(ctx: Ctx, frame: Frame, request: RoomRequest, access: RoomAccess) -> SessionCreated:
    return SessionCreated(
        session_id=frame.session_id,
        transport_token=access.token,
        transport_url=access.url,
        conversation_token=access.token,
        livekit_url=access.url,
        room_name=request.room_name,
        identity=request.identity,
        expires_at=frame.expires_at,
        talk_url=talk_url(ctx.deps.settings.base_url, frame.session_id, access),
    )


def talk_url(base_url: str, session_id: str, access: RoomAccess) -> str:
    """The talk page of a session. The token rides in the fragment, which browsers never send to a server."""
    return f"{base_url}/talk/{session_id}#token={quote(access.token, safe='')}&url={quote(access.url, safe='')}"
