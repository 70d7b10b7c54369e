"""A decision with everything it was made from, so that it can be made again, byte for byte (RTE-11). Pure.

`run` is the one function behind a call and behind its replay. Inputs are stored by the hash of their content: the
snapshot, the policy, the offers; the call itself is stored whole, with the health that was seen.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import orjson

from speko_core.providers.base import Modality
from speko_core.providers.catalog import ModelFacts
from speko_core.routing.board import Board, Boards
from speko_core.routing.decision import Decision, FilteredOut, Ranked
from speko_core.routing.eligibility import Needs, RoutingCall
from speko_core.routing.intent import OptimizeFor, RoutingIntent
from speko_core.routing.offers import Offer
from speko_core.routing.policy import Policy, Weights
from speko_core.routing.selector import select_on
from speko_core.routing.snapshot import Snapshot

# What ids of stored chains begin with.
CHAIN = "chain"
PANIC = "every candidate is unhealthy, so each is tried"
_NO_CREDIT = "needs credit, and there is not enough"


class Inputs(NamedTuple):
    """What a decision depends on, and nothing else. Without `credit` managed keys are left out."""

    call: RoutingCall
    offers: tuple[Offer, ...]
    snapshot: Snapshot
    policy: Policy
    credit: bool = True


def run(inputs: Inputs, boards: Boards | None = None) -> Decision:
    """Decide. `boards` remember what decisions with the same offers, figures and policy have in common.

    Raises:
        InvalidInput: an allow-list entry is unknown.
    """
    board = (boards or Boards()).get(inputs.offers, inputs.snapshot, inputs.policy)
    decision = select_on(board, inputs.call)
    if not decision.ranked and any(entry.code == "unhealthy" for entry in decision.filtered_out):
        decision = _panicked(board, inputs.call)
    return decision if inputs.credit else without_charged(decision)


def _panicked(board: Board, call: RoutingCall) -> Decision:
    """Every candidate is unhealthy: the one that may recover first is tried first. Never an offline provider."""
    blocked = list(call.blocked)
    calm = select_on(board, replace(call, blocked={}))
    ranked = sorted(calm.ranked, key=lambda one: blocked.index(one.id) if one.id in blocked else -1)
    flagged = tuple(one._replace(reason=f"{one.reason}; {PANIC}" if one.reason else PANIC) for one in ranked)
    return calm._replace(ranked=flagged, panic=True)


def is_charged(ranked: Ranked) -> bool:
    """True for a candidate that would be called with the platform's key."""
    return ranked.offer.key_source == "MANAGED"


def without_charged(decision: Decision) -> Decision:
    """The same decision for an organization without credit."""
    kept = tuple(ranked for ranked in decision.ranked if not is_charged(ranked))
    left_out = [FilteredOut(ranked.id, "no_credit", _NO_CREDIT) for ranked in decision.ranked if is_charged(ranked)]
    filtered = sorted((*decision.filtered_out, *left_out), key=lambda entry: entry.id)
    return decision._replace(ranked=kept, filtered_out=tuple(filtered))


# --- as stored --------------------------------------------------------------------------------------------------------


def dump_ranked(decision: Decision) -> bytes:
    """The chain as it is stored and compared."""
    chain = [
        {
            "id": one.id,
            "score": one.score,
            "basis": one.basis,
            "reason": one.reason,
            "keySource": one.offer.key_source,
            "ignored": one.ignored,
        }
        for one in decision.ranked
    ]
    return orjson.dumps(chain)


def dump_call(inputs: Inputs) -> bytes:
    """The call with the health it saw."""
    call = inputs.call
    needs = call.needs
    return orjson.dumps(
        {
            "intent": {
                "language": call.intent.language,
                "region": call.intent.region,
                "optimizeFor": call.intent.optimize_for,
            },
            "mode": call.mode,
            "allowed": call.allowed,
            "needs": {
                "options": sorted(needs.options),
                "voice": needs.voice,
                "hints": sorted(needs.hints),
                "speed": needs.speed,
            },
            "blocked": dict(call.blocked),
            "credit": inputs.credit,
        }
    )


def load_call(body: str) -> tuple[RoutingCall, bool]:
    """What `dump_call` wrote."""
    stored = orjson.loads(body)
    needs = stored["needs"]
    call = RoutingCall(
        RoutingIntent.model_validate(stored["intent"]),
        stored["mode"],
        tuple(stored["allowed"]),
        Needs(frozenset(needs["options"]), needs["voice"], frozenset(needs["hints"]), speed=needs["speed"]),
        stored["blocked"],
    )
    return call, bool(stored["credit"])


def dump_policy(policy: Policy) -> bytes:
    """The whole policy."""
    presets = {str(name): asdict(weights) for name, weights in policy.presets.items()}
    return orjson.dumps(
        {
            "modality": policy.modality,
            "presets": presets,
            "maxLatencyP50Ms": policy.max_latency_p50_ms,
            "excludedStatuses": sorted(policy.excluded_statuses),
            "pinsNeedData": policy.pins_need_data,
            "hedging": policy.hedging,
        },
        option=orjson.OPT_SORT_KEYS,
    )


def load_policy(body: str) -> Policy:
    """What `dump_policy` wrote."""
    stored = orjson.loads(body)
    return Policy(
        Modality(stored["modality"]),
        {OptimizeFor(name): Weights(**weights) for name, weights in stored["presets"].items()},
        stored["maxLatencyP50Ms"],
        frozenset(stored["excludedStatuses"]),
        stored["pinsNeedData"],
        # Policies that were stored before there was hedging do not mention it.
        stored.get("hedging", True),
    )


def dump_offers(offers: tuple[Offer, ...]) -> bytes:
    """The offers with the facts that a decision can depend on."""
    dumped = [
        {
            "vendor": offer.vendor,
            "facts": offer.facts.model_dump(mode="json", exclude={"prices", "live_prices"}),
            "sandbox": offer.sandbox,
            "missing": offer.missing,
            "keySource": offer.key_source,
        }
        for offer in offers
    ]
    return orjson.dumps(dumped, option=orjson.OPT_SORT_KEYS)


def load_offers(body: str) -> tuple[Offer, ...]:
    """What `dump_offers` wrote; facts that the catalogue no longer has are passed over."""
    return tuple(
        Offer(one["vendor"], _facts(one["facts"]), one["sandbox"], one["missing"], one["keySource"])
        for one in orjson.loads(body)
    )


def _facts(stored: Mapping[str, Any]) -> ModelFacts:
    return ModelFacts.model_validate({name: value for name, value in stored.items() if name in ModelFacts.model_fields})


def content_id(kind: str, body: bytes) -> str:
    """The id of stored content: equal content, equal id."""
    return f"{kind}_{hashlib.sha256(body).hexdigest()[:32]}"
