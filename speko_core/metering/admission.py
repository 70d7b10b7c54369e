"""Is there credit for what a decision would call? Runs before any provider is called (MTR-4)."""

from datetime import datetime
from heapq import nlargest

from speko_core.errors import InsufficientCredits
from speko_core.metering.credit import CreditBook, Reservation
from speko_core.metering.prices import list_price
from speko_core.oneshot.usage import Units
from speko_core.principal import Principal
from speko_core.routing.decision import Decision
from speko_core.routing.decisions import is_charged


def admit(
    credit: CreditBook, principal: Principal, decision: Decision, estimate: Units, now: datetime, at_once: int = 1
) -> tuple[bool, Reservation | None]:
    """Whether there is credit for the decision's managed candidates, and what is held for the dearest of them.

    `at_once`: how many candidates may be called beside each other.

    Raises:
        InsufficientCredits: nothing is left in the chain without them.
    """
    managed = [ranked for ranked in decision.ranked if is_charged(ranked)]
    if not managed or not credit.watches(principal.organization_id):
        return True, None
    prices = (list_price(estimate, ranked.offer.facts.prices).micro_usd for ranked in managed)
    try:
        return True, credit.reserve(principal.organization_id, sum(nlargest(at_once, prices)), now)
    except InsufficientCredits:
        if len(managed) == len(decision.ranked):
            raise
        return False, None
