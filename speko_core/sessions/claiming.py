"""A worker takes a session: once, and after those were asked who may still change the call (SES-12, TEL-4)."""

import logging

from speko_core.accounts.authentication import SESSION_SCOPES
from speko_core.context import Ctx
from speko_core.errors import Conflict, InvalidInput
from speko_core.principal import Principal
from speko_core.recordings.consent import allows_recording
from speko_core.recordings.rules import RecordingStatus
from speko_core.sessions import repository, service
from speko_core.sessions.announce import announce, identified
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.offline import routed
from speko_core.sessions.overrides import overridden
from speko_core.sessions.plan import SessionPlan
from speko_core.sessions.rules import Status
from speko_core.sessions.signing import sign_plan, verify_plan
from speko_core.sessions.tokens import REPORTING_GRACE, SessionClaims, mint_session_token
from speko_core.sessions.worker_schemas import SessionClaim, SessionClaimed
from speko_core.types import JsonObject
from speko_core.webhooks.pre_call import pre_call

logger = logging.getLogger(__name__)


async def take(ctx: Ctx, data: SessionClaim) -> None:
    """Give the session to exactly one worker.

    Raises:
        NotFound: no such session.
        Conflict: `SESSION_ALREADY_CLAIMED`, or `SESSION_OVER` when its time has passed.
    """
    row = await service.found(ctx, data.id, locked=True)
    if row.status != Status.CREATED or row.expires_at <= ctx.now():
        raise _not_claimable(row)
    verify_plan(ctx.deps.secrets, row.plan, row.plan_signature)
    row.status, row.worker_instance_id = Status.ACTIVE.value, data.instance_id
    row.started_at = row.last_heartbeat_at = row.updated_at = ctx.now()
    await ctx.db.flush()


async def hand_over(ctx: Ctx, data: SessionClaim) -> SessionClaimed:
    """Ask `call.pre_call`, and hand out the plan it leads to with the session's own credential.

    The call is announced only now: nobody hears that it was answered before they were asked.
    """
    async with ctx.deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        asked = await repository.get(db, data.id)
    if asked is None:
        raise Conflict("The session is over.", "SESSION_OVER")
    offered = await _ask(ctx, asked)
    async with ctx.deps.database.transaction(asked.organization_id) as db:
        row = await repository.get_locked(db, data.id)
        if row is None:
            raise Conflict("The session is over.", "SESSION_OVER")
        plan = verify_plan(ctx.deps.secrets, row.plan, row.plan_signature)
        final = _changed(ctx, row, plan, offered) if offered else plan
        record = plan.record and await allows_recording(db, row.organization_id)
        final = final.model_copy(update={"record": record})
        row.recording_status = (RecordingStatus.PENDING if record else RecordingStatus.SUPPRESSED).value
        if final != plan:
            row.plan, row.plan_signature = sign_plan(ctx.deps.secrets, final)
            row.language = final.intent.language
        row.updated_at = ctx.now()
        await db.flush()
        await announce(db, row, Status.CREATED, ctx.now())
        return _claimed(ctx, row, final)


async def _ask(ctx: Ctx, row: VoiceSession) -> JsonObject:
    plan = SessionPlan.model_validate_json(row.plan)
    return await pre_call(
        ctx.deps,
        row.organization_id,
        _question(row, plan),
        session_id=row.id,
        agent_id=row.agent_id,
        environment=plan.environment,
        webhook_tags=plan.webhook_tags,
    )


def _question(row: VoiceSession, plan: SessionPlan) -> JsonObject:
    """The payload of the phone guide; what only phone calls have is null."""
    telephony = ("to", "from", "dialed_number", "forwarded_from_number", "phone_number_id", "call_control_id")
    shown = {"intent", "voice", "system_prompt", "first_message", "first_message_mode"}
    return {
        **identified(row, plan),
        "direction": None,
        **dict.fromkeys(telephony),
        "pipeline_config": plan.model_dump(mode="json", by_alias=True, include=shown),
        "metadata": plan.metadata,
    }


def _changed(ctx: Ctx, row: VoiceSession, plan: SessionPlan, offered: JsonObject) -> SessionPlan:
    changed, refused = overridden(plan, offered)
    caller = Principal("session", row.id, row.organization_id, SESSION_SCOPES, plan.mode, session_id=row.id)
    try:
        changed = changed.model_copy(update=routed(ctx.deps, caller, changed))
    except InvalidInput:  # an allow-list that names a provider nobody knows
        changed, refused = changed.model_copy(update={"models": plan.models}), (*refused, "constraints")
    if refused:
        logger.warning("part of an answer before a call was not valid", extra={"fields": list(refused)})
    return changed


def _claimed(ctx: Ctx, row: VoiceSession, plan: SessionPlan) -> SessionClaimed:
    expires_at = row.expires_at + REPORTING_GRACE
    token = mint_session_token(ctx.deps.secrets, SessionClaims(row.id, row.organization_id, plan.mode, expires_at))
    return SessionClaimed(plan=plan, signature=row.plan_signature, token=token, expires_at=expires_at)


def _not_claimable(row: VoiceSession) -> Conflict:
    if row.worker_instance_id is not None:
        return Conflict("Another worker has this session.", "SESSION_ALREADY_CLAIMED")
    return Conflict("The session is over.", "SESSION_OVER")
