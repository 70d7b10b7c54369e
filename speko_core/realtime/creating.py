"""Creating a speech-to-speech session: a session as any other, whose plan says in addition who hears and speaks."""

import re
from dataclasses import replace

from speko_core.agents.schemas import AgentRow
from speko_core.context import Ctx
from speko_core.errors import InvalidInput
from speko_core.metering.admission import admit
from speko_core.oneshot.candidates import FAILED_CODES, refuse_unmet_options
from speko_core.oneshot.errors import NoCandidate
from speko_core.oneshot.usage import Units
from speko_core.providers.base import Modality
from speko_core.realtime.choice import allowed_models, needs
from speko_core.realtime.rooms import RealtimeRooms
from speko_core.realtime.schemas import DEFAULT_RATE, MAX_TTL_S, RealtimeCreated, RealtimeOptions
from speko_core.routing.decision import Ranked
from speko_core.routing.intent import AllowedProviders, Constraints, RoutingIntent
from speko_core.routing.router import decide
from speko_core.sessions import create
from speko_core.sessions.creation_schemas import LlmOverride, SessionCreate, SessionCreated
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.plan import PlanRealtime, SessionPlan
from speko_core.sessions.repository import get_locked
from speko_core.sessions.signing import sign_plan, verify_plan
from speko_core.versions.live import serving
from speko_core.versions.service import found_agent

# What a conversation is expected to be, for the credit it needs: a minute in which both sides speak.
USUAL = Units(
    audio_ms=60_000,
    prompt_tokens=1_500,
    completion_tokens=700,
    characters=450,
    audio_prompt_tokens=600,
    audio_completion_tokens=600,
)
DEFAULT_LANGUAGE = "en"
# These releases of the official Python client speak to the vendor themselves, and cannot read a socket of ours.
_DIRECT_CLIENT = re.compile(r"spekoai-python/(?:0\.(?:[2-9]|\d\d)|[1-9])")


async def start(ctx: Ctx, data: SessionCreate) -> SessionCreated | RealtimeCreated:
    """Create a session of either mode.

    Raises:
        InvalidInput: what is missing or wrong; `PROVIDER_DIRECT_UNAVAILABLE` for a client that cannot use the socket.
        NotFound: no such agent here, or no such environment of it.
        InsufficientCredits: only managed keys could serve it, and there is no credit for them.
        Failed: `SESSION_CREATE_FAILED`, no media, no storage or no provider; nothing is left behind.
    """
    return await (_start_realtime(ctx, data) if data.mode == "s2s" else create.create(ctx, data))


async def _start_realtime(ctx: Ctx, data: SessionCreate) -> RealtimeCreated:
    _refuse_direct_clients(ctx)
    asked = data.s2s or RealtimeOptions()
    agent = await _agent(ctx, data)
    own = replace(ctx, deps=replace(ctx.deps, rooms=RealtimeRooms(ctx.deps.settings.base_url)))
    made = await create.create(own, _as_session(data, asked))
    row = await get_locked(ctx.db, made.session_id)
    assert row is not None
    plan = verify_plan(ctx.deps.secrets, row.plan, row.plan_signature)
    realtime = _realtime(ctx, data, asked, agent)
    pick = _pick(ctx, plan, realtime)
    _freeze(ctx, row, plan.model_copy(update={"realtime": realtime, "offline": pick.offer.sandbox}))
    await ctx.db.flush()
    ctx.resource_id = row.id
    return RealtimeCreated(
        mode="s2s",
        session_id=row.id,
        ws_url=made.transport_url,
        ws_token=made.transport_token,
        input_sample_rate=realtime.input_sample_rate,
        output_sample_rate=realtime.output_sample_rate,
        expires_at=made.expires_at,
        provider=pick.vendor,
        model=pick.model,
    )


def _refuse_direct_clients(ctx: Ctx) -> None:
    if _DIRECT_CLIENT.match(ctx.user_agent):
        raise InvalidInput(
            "This client connects to the provider itself, which this installation does not offer.",
            "PROVIDER_DIRECT_UNAVAILABLE",
            hint="Open the session's WebSocket: POST /v1/sessions answers wsUrl and wsToken to any other client.",
        )


async def _agent(ctx: Ctx, data: SessionCreate) -> AgentRow | None:
    if data.agent_id is None:
        return None
    return (await serving(ctx, await found_agent(ctx, data.agent_id), data.environment)).agent


def _as_session(data: SessionCreate, asked: RealtimeOptions) -> SessionCreate:
    """The same request in the words of every session."""
    language = RoutingIntent(language=DEFAULT_LANGUAGE) if data.agent_id is None else None
    changes: dict[str, object] = {
        "system_prompt": asked.system_prompt if asked.system_prompt is not None else data.system_prompt,
        "voice": asked.voice or data.voice,
        "intent": data.intent or language,
        "ttl_seconds": min(data.ttl_seconds, MAX_TTL_S),
        "recording_enabled": False,
    }
    if asked.temperature is not None:
        changes["llm"] = LlmOverride(temperature=asked.temperature)
    return data.model_copy(update=changes)


def _realtime(ctx: Ctx, data: SessionCreate, asked: RealtimeOptions, agent: AgentRow | None) -> PlanRealtime:
    own_temperature = data.llm.temperature if data.llm else None
    return PlanRealtime(
        models=allowed_models(ctx.deps.providers, asked, data.constraints, agent),
        voice=asked.voice or data.voice,
        temperature=asked.temperature if asked.temperature is not None else own_temperature,
        input_sample_rate=asked.input_sample_rate or DEFAULT_RATE,
        output_sample_rate=asked.output_sample_rate or DEFAULT_RATE,
        tools=tuple(tool.model_dump(mode="json") for tool in asked.tools or ()),
    )


def _pick(ctx: Ctx, plan: SessionPlan, realtime: PlanRealtime) -> Ranked:
    """Who would serve it now; nobody is called."""
    intent = RoutingIntent.model_validate(plan.intent.model_dump())
    constraints = Constraints(allowed_providers=AllowedProviders(s2s=realtime.models))
    wanted = needs(realtime.voice, realtime.temperature, bool(realtime.tools or plan.tools))
    decision = decide(ctx.deps, ctx.principal, Modality.S2S, intent, constraints, wanted)
    if not decision.ranked:
        refuse_unmet_options(decision)
        raise NoCandidate(decision, FAILED_CODES[Modality.S2S])
    affordable, reservation = admit(ctx.deps.credit, ctx.principal, decision, USUAL, ctx.now())
    if reservation is not None:
        reservation.release()
    return next(ranked for ranked in decision.ranked if affordable or ranked.offer.key_source != "MANAGED")


def _freeze(ctx: Ctx, row: VoiceSession, plan: SessionPlan) -> None:
    row.plan, row.plan_signature = sign_plan(ctx.deps.secrets, plan)
