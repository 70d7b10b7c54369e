"""Whether a session would run on the offline voices or model: callers are told before the first word (RTE-17)."""

from speko_core.deps import Deps
from speko_core.principal import Principal
from speko_core.providers.base import Modality
from speko_core.routing.intent import AllowedProviders, Constraints, RoutingIntent
from speko_core.routing.router import decide
from speko_core.sessions.plan import SessionPlan

LEGS = (Modality.STT, Modality.LLM, Modality.TTS)


def runs_offline(deps: Deps, principal: Principal, plan: SessionPlan) -> bool:
    """True when an offline provider would serve any leg of the plan, as routing stands now.

    Raises:
        InvalidInput: an allow-list names a provider that nobody knows.
    """
    intent = RoutingIntent.model_validate(plan.intent.model_dump())
    allowed = AllowedProviders(stt=plan.models.stt, llm=plan.models.llm, tts=plan.models.tts)
    constraints = Constraints(allowed_providers=allowed)
    decisions = [decide(deps, principal, leg, intent, constraints) for leg in LEGS]
    return any(decision.ranked[0].offer.sandbox for decision in decisions if decision.ranked)
