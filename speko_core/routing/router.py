"""The selector over what this process has: its adapters and catalogue, the active snapshot, the policies in force."""

from functools import partial

from speko_core.deps import Deps
from speko_core.principal import Principal
from speko_core.providers.base import Modality
from speko_core.providers.credentials import credential_id, key_source
from speko_core.routing.decision import Decision
from speko_core.routing.decisions import Inputs
from speko_core.routing.eligibility import Needs, RoutingCall
from speko_core.routing.intent import Constraints, RoutingIntent
from speko_core.routing.offers import KeySource, Offer
from speko_core.routing.policy import DEFAULT_POLICIES
from speko_core.routing.snapshot import seed_snapshot
from speko_core.standing import Standing


def decide(
    deps: Deps,
    principal: Principal,
    modality: Modality,
    intent: RoutingIntent,
    constraints: Constraints | None = None,
    needs: Needs | None = None,
) -> Decision:
    """Run the selector for one caller; the chain may be empty.

    Decides from what is known of the organization: await `warming.warm` first.

    Raises:
        InvalidInput: an allow-list entry is unknown.
    """
    return deps.memo.decide(inputs_for(deps, principal, modality, intent, constraints, needs)).decision


def inputs_for(
    deps: Deps,
    principal: Principal,
    modality: Modality,
    intent: RoutingIntent,
    constraints: Constraints | None = None,
    needs: Needs | None = None,
) -> Inputs:
    """Everything a decision depends on, as it stands now, the health of candidates among it."""
    allowed = constraints.entries(modality) if constraints else ()
    standing = deps.standings.get(principal.organization_id) or Standing(seed_snapshot())
    policy = standing.policies.get(modality, DEFAULT_POLICIES[modality])
    found = offers_for(deps, principal, modality)
    blocked = deps.health.blocked(found, intent.region, partial(credential_id, deps, principal))
    call = RoutingCall(intent, principal.mode, allowed, needs or Needs(), blocked)
    return Inputs(call, found, standing.snapshot, policy)


def offers_for(deps: Deps, principal: Principal, modality: Modality) -> tuple[Offer, ...]:
    """What this process could call for `principal` today."""

    def key_of(vendor: str) -> KeySource:
        return key_source(deps, principal, vendor)

    return deps.offers.get(modality, deps.providers, key_of, deps.clock.now().date())
