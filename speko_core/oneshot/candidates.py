"""From a call's intent to its failover chain, or the endpoint's documented failure."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.metering.admission import admit
from speko_core.metering.credit import Reservation
from speko_core.oneshot.errors import NoCandidate
from speko_core.oneshot.usage import Units
from speko_core.principal import Principal
from speko_core.providers.base import Modality
from speko_core.providers.credentials import credential_id
from speko_core.routing.decision import Decision
from speko_core.routing.eligibility import Needs
from speko_core.routing.health import CallHealth
from speko_core.routing.intent import Constraints, OptimizeFor, RoutingIntent
from speko_core.routing.router import inputs_for
from speko_core.warming import warm

FAILED_CODES: Mapping[Modality, str] = {
    Modality.STT: "TRANSCRIBE_FAILED",
    Modality.LLM: "COMPLETE_FAILED",
    Modality.TTS: "SYNTHESIZE_FAILED",
    Modality.S2S: "SESSION_CREATE_FAILED",
}


class Routed(NamedTuple):
    """A decision that may be carried out, the credit held for it, and where its candidates' health is told."""

    decision: Decision
    reservation: Reservation | None
    health: CallHealth


async def route(
    deps: Deps,
    principal: Principal,
    modality: Modality,
    intent: RoutingIntent,
    constraints: Constraints | None = None,
    needs: Needs | None = None,
    *,
    estimate: Units,
) -> Routed:
    """Decide for a call that is about to be made; the chain holds at least one candidate.

    `estimate` is what the call is expected to consume, for the credit it needs.

    Raises:
        InvalidInput: an allow-list entry is unknown, or no candidate can honour an option.
        NoCandidate: nothing may serve the call, with the endpoint's documented code.
        InsufficientCredits: only managed keys could serve it, and there is no credit for them (MTR-4).
        Unavailable: the database does not keep up with what would have to be written.
    """
    deps.journal.check_room()
    await warm(deps, principal.organization_id)
    inputs, now = inputs_for(deps, principal, modality, intent, constraints, needs), deps.clock.now()
    decided = deps.memo.decide(inputs)
    decision = decided.decision
    if not decision.ranked:
        refuse_unmet_options(decision)
        raise NoCandidate(decision, FAILED_CODES[modality])
    hedges = intent.optimize_for is OptimizeFor.LATENCY and deps.settings.hedging and inputs.policy.hedging
    credit, reservation = admit(deps.credit, principal, decision, estimate, now, at_once=1 + hedges)
    if not credit:
        decided = deps.memo.decide(inputs._replace(credit=False))
    decision = deps.decisions.keep(principal.organization_id, decided, now)
    health = CallHealth(deps.health, intent.region, partial(credential_id, deps, principal), decision.panic, hedges)
    return Routed(decision, reservation, health)


def refuse_unmet_options(decision: Decision) -> None:
    """An option that rules out every model is the caller's to change; it is never dropped in silence (RTE-20).

    Raises:
        InvalidInput: some model lacks nothing else.
    """
    unmet = [f"{entry.id} {entry.reason}" for entry in decision.filtered_out if entry.code in ("option", "voice")]
    if unmet:
        raise InvalidInput(
            f"No available {decision.modality.upper()} model can honour the request: {'; '.join(unmet[:5])}.",
            hint="Leave the option out, or allow a provider that has it.",
        )
