"""Keeping decisions without slowing calls: what they share is hashed once, rows ride in the usage's group commit."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from speko_core.ids import new_id
from speko_core.metering.booking import Content
from speko_core.metering.journal import Journal
from speko_core.routing.decision import Decision
from speko_core.routing.decisions import CHAIN, content_id, dump_offers, dump_policy
from speko_core.routing.decisions_memo import Decided
from speko_core.routing.offers import Offer
from speko_core.routing.policy import Policy
from speko_core.routing.snapshot import Snapshot
from speko_core.routing.snapshots import dump as dump_snapshot

T = TypeVar("T")
KEPT = 512


@dataclass(frozen=True)
class _Known(Generic[T]):
    """The object is kept, so that its identity stays its own."""

    of: T
    content: Content


class _Contents(Generic[T]):
    """Hashes of immutable objects by their identity: the same policy or list of offers serves thousands of calls."""

    def __init__(self, describe: Callable[[T], tuple[str, bytes]]) -> None:
        self._describe = describe
        self._known: OrderedDict[int, _Known[T]] = OrderedDict()

    def of(self, value: T) -> Content:
        known = self._known.get(id(value))
        if known is None:
            name, body = self._describe(value)
            known = self._known[id(value)] = _Known(value, Content(name, body.decode()))
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return known.content


def _policy(policy: Policy) -> tuple[str, bytes]:
    body = dump_policy(policy)
    return content_id("policy", body), body


def _offers(offers: tuple[Offer, ...]) -> tuple[str, bytes]:
    body = dump_offers(offers)
    return content_id("offers", body), body


def _snapshot(snapshot: Snapshot) -> tuple[str, bytes]:
    return snapshot.scores_run_id, dump_snapshot(snapshot).encode()


def _chain(ranked: str) -> tuple[str, bytes]:
    body = ranked.encode()
    return content_id(CHAIN, body), body


class DecisionLog:
    """The decisions of one process on their way to the database."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._policies: _Contents[Policy] = _Contents(_policy)
        self._offers: _Contents[tuple[Offer, ...]] = _Contents(_offers)
        self._snapshots: _Contents[Snapshot] = _Contents(_snapshot)
        self._chains: _Contents[str] = _Contents(_chain)

    def keep(self, organization_id: str, decided: Decided, now: datetime) -> Decision:
        """Store a decision with the next group; returns it with its id."""
        inputs, decision = decided.inputs, decided.decision
        policy, offers = self._policies.of(inputs.policy), self._offers.of(inputs.offers)
        snapshot, chain = self._snapshots.of(inputs.snapshot), self._chains.of(decided.ranked)
        decision_id = new_id("dec")
        row = {
            "id": decision_id,
            "organization_id": organization_id,
            "modality": str(decision.modality),
            "snapshot_id": snapshot.id,
            "policy_id": policy.id,
            "offers_id": offers.id,
            "call": decided.call,
            "ranked": chain.id,
            "created_at": now,
        }
        self._journal.note(row, (snapshot,), (policy, offers, chain))
        return decision._replace(id=decision_id)
