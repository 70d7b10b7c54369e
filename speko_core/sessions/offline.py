"""What routing, as it stands, means for a session: offline voices (RTE-17), a recognizer that hears live."""

from dataclasses import replace

from speko_core.deps import Deps
from speko_core.oneshot.schemas import SttOptions
from speko_core.oneshot.transcribe import needs_of
from speko_core.principal import Principal
from speko_core.providers.base import Modality
from speko_core.routing.eligibility import LIVE
from speko_core.routing.intent import AllowedProviders, Constraints, RoutingIntent
from speko_core.routing.router import decide
from speko_core.sessions.plan import SessionPlan

LEGS = (Modality.STT, Modality.LLM, Modality.TTS)


def routed(deps: Deps, principal: Principal, plan: SessionPlan) -> dict[str, object]:
    """The fields of the plan that follow from routing; raises as `runs_offline` does."""
    return {"offline": runs_offline(deps, principal, plan), "hears_live": hears_live(deps, principal, plan)}


def runs_offline(deps: Deps, principal: Principal, plan: SessionPlan) -> bool:
    """True when an offline provider would serve any leg of the plan, as routing stands now.

    Raises:
        InvalidInput: an allow-list names a provider that nobody knows.
    """
    intent, constraints = _asked(plan)
    legs = (Modality.S2S,) if plan.realtime else LEGS
    decisions = [decide(deps, principal, leg, intent, constraints) for leg in legs]
    return any(decision.ranked[0].offer.sandbox for decision in decisions if decision.ranked)


def hears_live(deps: Deps, principal: Principal, plan: SessionPlan) -> bool:
    """True when the recognizer that would serve the plan hears while somebody speaks; raises as `runs_offline` does."""
    intent, constraints = _asked(plan)
    asked = needs_of(SttOptions(keywords=plan.stt_keywords or None, prompt=plan.stt_prompt))
    needs = replace(asked, hints=asked.hints | {LIVE})
    decision = decide(deps, principal, Modality.STT, intent, constraints, needs)
    return bool(decision.ranked) and LIVE not in decision.ranked[0].ignored


def _asked(plan: SessionPlan) -> tuple[RoutingIntent, Constraints]:
    s2s = plan.realtime.models if plan.realtime else ()
    allowed = AllowedProviders(stt=plan.models.stt, llm=plan.models.llm, tts=plan.models.tts, s2s=s2s)
    return RoutingIntent.model_validate(plan.intent.model_dump()), Constraints(allowed_providers=allowed)
