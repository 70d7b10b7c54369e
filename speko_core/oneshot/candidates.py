"""From a call's intent to its failover chain: the selector over this process's catalogue, adapters and snapshot."""

from collections.abc import Mapping

from speko_core.deps import Deps
from speko_core.oneshot.errors import NoCandidate
from speko_core.principal import Principal
from speko_core.providers.base import Modality
from speko_core.routing.decision import Decision
from speko_core.routing.eligibility import Call, Needs
from speko_core.routing.intent import Constraints, RoutingIntent
from speko_core.routing.offers import offers
from speko_core.routing.policy import DEFAULT_POLICIES
from speko_core.routing.selector import select
from speko_core.routing.snapshot import seed_snapshot

FAILED_CODES: Mapping[Modality, str] = {
    Modality.STT: "TRANSCRIBE_FAILED",
    Modality.LLM: "COMPLETE_FAILED",
    Modality.TTS: "SYNTHESIZE_FAILED",
    Modality.S2S: "SESSION_CREATE_FAILED",
}


def decide(
    deps: Deps,
    principal: Principal,
    modality: Modality,
    intent: RoutingIntent,
    constraints: Constraints | None = None,
    needs: Needs | None = None,
) -> Decision:
    """Run the selector for one caller; the chain may be empty.

    Raises:
        InvalidInput: an allow-list entry is unknown.
    """
    allowed = constraints.entries(modality) if constraints else ()
    call = Call(intent, principal.mode, allowed, needs or Needs())
    return select(call, offers(modality, deps.providers), seed_snapshot(), DEFAULT_POLICIES[modality])


def route(
    deps: Deps,
    principal: Principal,
    modality: Modality,
    intent: RoutingIntent,
    constraints: Constraints | None = None,
    needs: Needs | None = None,
) -> Decision:
    """`decide` for a call that is about to be made.

    Raises:
        InvalidInput: an allow-list entry is unknown.
        NoCandidate: nothing may serve the call, with the endpoint's documented code.
    """
    decision = decide(deps, principal, modality, intent, constraints, needs)
    if not decision.ranked:
        raise NoCandidate(decision, FAILED_CODES[modality])
    return decision
