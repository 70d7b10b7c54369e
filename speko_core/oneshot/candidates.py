"""From a call's intent to its failover chain, or the endpoint's documented failure."""

from collections.abc import Mapping

from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.oneshot.errors import NoCandidate
from speko_core.principal import Principal
from speko_core.providers.base import Modality
from speko_core.routing.decision import Decision
from speko_core.routing.eligibility import Needs
from speko_core.routing.intent import Constraints, RoutingIntent
from speko_core.routing.router import decide

FAILED_CODES: Mapping[Modality, str] = {
    Modality.STT: "TRANSCRIBE_FAILED",
    Modality.LLM: "COMPLETE_FAILED",
    Modality.TTS: "SYNTHESIZE_FAILED",
    Modality.S2S: "SESSION_CREATE_FAILED",
}


def route(
    deps: Deps,
    principal: Principal,
    modality: Modality,
    intent: RoutingIntent,
    constraints: Constraints | None = None,
    needs: Needs | None = None,
) -> Decision:
    """Decide for a call that is about to be made; the chain holds at least one candidate.

    Raises:
        InvalidInput: an allow-list entry is unknown, or no candidate can honour an option.
        NoCandidate: nothing may serve the call, with the endpoint's documented code.
    """
    decision = decide(deps, principal, modality, intent, constraints, needs)
    if not decision.ranked:
        _refuse_unmet_options(decision)
        raise NoCandidate(decision, FAILED_CODES[modality])
    return decision


def _refuse_unmet_options(decision: Decision) -> None:
    """An option that rules out every model is the caller's to change; it is never dropped in silence (RTE-20)."""
    unmet = [f"{entry.id} {entry.reason}" for entry in decision.filtered_out if entry.code in ("option", "voice")]
    if unmet:
        raise InvalidInput(
            f"No available {decision.modality.upper()} model can honour the request: {'; '.join(unmet[:5])}.",
            hint="Leave the option out, or allow a provider that has it.",
        )
