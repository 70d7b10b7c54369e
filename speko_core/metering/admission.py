"""Which candidates of a decision there is credit for. Runs before any provider is called (MTR-4)."""

from dataclasses import replace
from datetime import datetime

from speko_core.errors import InsufficientCredits
from speko_core.metering.credit import CreditBook, Reservation
from speko_core.metering.prices import list_price
from speko_core.oneshot.usage import Units
from speko_core.principal import Principal
from speko_core.routing.decision import Decision, FilteredOut, Ranked

_REASON = "needs credit, and there is not enough"


def admit(
    credit: CreditBook, principal: Principal, decision: Decision, estimate: Units, now: datetime
) -> tuple[Decision, Reservation | None]:
    """The decision with the candidates that can be paid for, and the credit held for the dearest of them.

    Raises:
        InsufficientCredits: nothing is left in the chain without them.
    """
    managed = [ranked for ranked in decision.ranked if _is_charged(ranked)]
    if not managed or not credit.watches(principal.organization_id):
        return decision, None
    dearest = max(list_price(estimate, ranked.offer.facts.prices).micro_usd for ranked in managed)
    try:
        return decision, credit.reserve(principal.organization_id, dearest, now)
    except InsufficientCredits:
        if len(managed) == len(decision.ranked):
            raise
        return without_charged(decision), None


def without_charged(decision: Decision) -> Decision:
    """The same decision for an organization without credit."""
    kept = tuple(ranked for ranked in decision.ranked if not _is_charged(ranked))
    left_out = [FilteredOut(ranked.id, "no_credit", _REASON) for ranked in decision.ranked if _is_charged(ranked)]
    filtered = sorted((*decision.filtered_out, *left_out), key=lambda entry: entry.id)
    return replace(decision, ranked=kept, filtered_out=tuple(filtered))


def _is_charged(ranked: Ranked) -> bool:
    return ranked.offer.key_source == "MANAGED"
