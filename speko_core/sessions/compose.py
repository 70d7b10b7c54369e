"""What a session is frozen to: the agent's settings, overridden by the call's own, as one `SessionPlan`. Pure."""

from collections.abc import Sequence

from speko_core.agents.config import AllowedProviders, LlmOptions, SpeechNormalization, SttOptions, TtsOptions
from speko_core.agents.schemas import AgentRow
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.providers.base import Modality
from speko_core.providers.catalog import load_catalog
from speko_core.routing.intent import Constraints, OptimizeFor, Region, RoutingIntent
from speko_core.schemas import wire_time
from speko_core.sessions.creation_schemas import LlmOverride, SessionCreate, SttOverride, TtsOverride
from speko_core.sessions.frame import Frame, first
from speko_core.sessions.plan import PlanIdle, PlanIntent, PlanModels, SessionPlan
from speko_core.sessions.sounds import audio_of
from speko_core.sessions.texts import texts_of
from speko_core.sessions.tool_values import tools_with_values
from speko_core.sessions.turn_handling import turn_taking
from speko_core.types import JsonObject

# An agent's preference in the words of the router; agents cannot say `balanced`, absent means it.
_PREFERENCES = {"latency": OptimizeFor.LATENCY, "quality": OptimizeFor.ACCURACY, "cost": OptimizeFor.COST}
DEFAULT_OUTPUT_RATE = 24_000
OUTPUT_RATES = range(8_000, 48_001)


def compose(frame: Frame, data: SessionCreate, agent: AgentRow | None) -> SessionPlan:
    """Merge: the call's own fields win field by field, allow-lists layer by layer.

    Raises:
        InvalidInput: neither agent nor intent, or a sample rate nobody can play; names the field.
    """
    llm, own_llm = (agent.llm_options if agent else None) or LlmOptions(), data.llm or LlmOverride()
    tts, own_tts = (agent.tts_options if agent else None) or TtsOptions(), data.tts_options or TtsOverride()
    stt, own_stt = (agent.stt_options if agent else None) or SttOptions(), data.stt_options or SttOverride()
    intent = _intent(data.intent, agent)
    texts = texts_of(frame, data, agent, intent.language)
    return SessionPlan(
        session_id=frame.session_id,
        organization_id=frame.organization_id,
        mode=frame.mode,
        agent_id=agent.id if agent else None,
        agent_name=agent.name if agent else None,
        agent_version=agent.version if agent else None,
        environment=frame.environment,
        intent=intent,
        models=_models(data.constraints, agent, llm.model),
        system_prompt=texts.system_prompt,
        voice=first(data.voice, agent.voice if agent else None),
        first_message=texts.first_message,
        first_message_mode=texts.mode,
        temperature=first(own_llm.temperature, llm.temperature),
        max_tokens=first(own_llm.max_tokens, llm.max_tokens),
        stt_keywords=tuple(first(own_stt.keywords, stt.keywords) or ()),
        stt_prompt=first(own_stt.prompt, stt.prompt),
        stt_language=first(own_stt.language, stt.language),
        tts_speed=first(own_tts.speed, tts.speed),
        pronunciations=_replacements(agent.speech_normalization if agent else None),
        turn_taking=turn_taking(data.turn_handling),
        idle=_idle(agent),
        audio=audio_of(agent.background_audio if agent else None, agent.audio_output if agent else None, frame.tools),
        record=frame.may_record
        and first(data.recording_enabled, agent.recording_enabled if agent else None) is not False,
        transport=frame.transport,
        output_sample_rate=_sample_rate(own_tts.sample_rate, tts.sample_rate),
        expires_at=wire_time(frame.expires_at),
        max_duration_s=data.ttl_seconds,
        tools=tools_with_values(frame, data, agent, intent.language),
        extraction_fields=_extraction_fields(agent),
        webhook_tags=data.webhook_tags or {},
        metadata=data.metadata,
    )


def _refused(field: str, problem: str) -> InvalidInput:
    return InvalidInput(f"{field}: {problem}", fields=[FieldProblem(field, problem)])


def _intent(own: RoutingIntent | None, agent: AgentRow | None) -> PlanIntent:
    preference = OptimizeFor.BALANCED
    if agent is not None and agent.intent.optimize_for is not None:
        preference = _PREFERENCES[agent.intent.optimize_for]
    if own is not None and "optimize_for" in own.model_fields_set:
        preference = own.optimize_for
    if own is not None:
        return PlanIntent(language=own.language, region=own.region.value, optimize_for=preference.value)
    if agent is None:
        raise _refused("intent", "is required when agentId is absent")
    return PlanIntent(language=agent.intent.language, region=Region.GLOBAL.value, optimize_for=preference.value)


def _models(own: Constraints | None, agent: AgentRow | None, pinned_llm: str | None) -> PlanModels:
    given = own.allowed_providers if own else None
    stack = agent.stack_preferences if agent else None
    stored = (stack.allowed_providers if stack else None) or AllowedProviders()
    llm = first(given.llm if given else None, stored.llm) or ()
    return PlanModels(
        stt=tuple(first(given.stt if given else None, stored.stt) or ()),
        llm=tuple(llm) if pinned_llm is None or (given and given.llm) else _pin(pinned_llm, llm),
        tts=tuple(first(given.tts if given else None, stored.tts) or ()),
    )


def _pin(model: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """The allow-list entries that leave only `model`, of the vendors that are allowed anyway.

    Raises:
        InvalidInput: no allowed vendor has such a model.
    """
    vendors = {entry.partition(":")[0] for entry in allowed}
    offering = [
        facts.vendor
        for facts in load_catalog().values()
        if (not vendors or facts.vendor in vendors)
        and any(known.id == model and known.modality is Modality.LLM for known in facts.models)
    ]
    if not offering:
        raise _refused("llmOptions.model", f"{model} is not a known model of an allowed vendor")
    return tuple(f"{vendor}:{model}" for vendor in offering)


def _replacements(stored: SpeechNormalization | None) -> dict[str, str]:
    if stored is None:
        return {}
    return {**(stored.text_replacements or {}), **(stored.pronunciation_dictionary or {})}


def _extraction_fields(agent: AgentRow | None) -> tuple[JsonObject, ...]:
    """The agent's fields, and those that only its `postCall` webhook names: the agent's win."""
    if agent is None:
        return ()
    post_call = (agent.webhooks or {}).get("postCall")
    fields = {field.name: field for field in (post_call.extraction_fields if post_call else None) or ()}
    fields.update({field.name: field for field in agent.extraction_fields})
    return tuple(field.model_dump(mode="json", by_alias=True) for field in fields.values())


def _idle(agent: AgentRow | None) -> PlanIdle:
    if agent is None or agent.idle_reprompt is None:
        return PlanIdle()
    return PlanIdle(after_s=agent.idle_reprompt.after_seconds, prompts=tuple(agent.idle_reprompt.prompts))


def _sample_rate(own: int | None, stored: int | None) -> int:
    if own is not None and own not in OUTPUT_RATES:
        raise _refused("ttsOptions.sampleRate", f"must be {OUTPUT_RATES.start} to {OUTPUT_RATES.stop - 1} Hz")
    if own is None and stored is not None and stored not in OUTPUT_RATES:
        return DEFAULT_OUTPUT_RATE
    return own or stored or DEFAULT_OUTPUT_RATE
