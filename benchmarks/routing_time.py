"""How long a routing decision takes: remembered, on a known board, and from nothing. Microseconds, best of seven runs.

"Known board" is the usual first decision for an intent: offers, figures and policy are the same as for thousands of
decisions before it, and only the call is new. `PYTHONPATH=. python benchmarks/routing_time.py`
"""

import json
import os
import timeit
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial

from speko_core.providers.base import Modality
from speko_core.providers.registry import build_registry, default_factories
from speko_core.routing.board import Boards
from speko_core.routing.decisions import Inputs, run
from speko_core.routing.decisions_memo import DecisionMemo
from speko_core.routing.eligibility import Needs, RoutingCall
from speko_core.routing.intent import RoutingIntent
from speko_core.routing.offers import Offer, offers
from speko_core.routing.policy import DEFAULT_POLICIES
from speko_core.routing.snapshot import seed_snapshot
from speko_core.settings import Settings

TODAY = date(2026, 11, 21)
INTENT = RoutingIntent(language="en-US")


def microseconds(work: Callable[[], object]) -> float:
    """The best of seven averages over 200 runs."""
    return round(min(timeit.repeat(work, number=200, repeat=7)) / 200 * 1e6, 1)


def calls(known: Sequence[Offer]) -> Mapping[str, RoutingCall]:
    """The kinds of calls there are."""
    vendors = sorted({offer.vendor for offer in known if not offer.sandbox})
    return {
        "plain": RoutingCall(INTENT),
        "allow-list": RoutingCall(INTENT, allowed=(vendors[0], vendors[-1])),
        "option": RoutingCall(INTENT, needs=Needs(frozenset({"tools"}))),
        "one unhealthy": RoutingCall(INTENT, blocked={known[0].id: "circuit open"}),
    }


def figures(modality: Modality) -> dict[str, float]:
    """Every kind of call for one modality, with a managed key for every vendor of the catalogue."""
    registry = build_registry(Settings(_env_file=None), default_factories())
    known = offers(modality, registry, lambda vendor: "MANAGED", TODAY)
    boards, memo = Boards(), DecisionMemo()
    inputs = {
        name: Inputs(call, known, seed_snapshot(), DEFAULT_POLICIES[modality]) for name, call in calls(known).items()
    }
    memo.decide(inputs["plain"])
    return {
        "offers": len(known),
        "remembered": microseconds(partial(memo.decide, inputs["plain"])),
        "from nothing": microseconds(partial(run, inputs["plain"])),
        **{f"known board, {name}": microseconds(partial(run, one, boards)) for name, one in inputs.items()},
    }


if __name__ == "__main__":
    measured = {str(modality): figures(modality) for modality in (Modality.STT, Modality.LLM, Modality.TTS)}
    print(json.dumps({"machine_load": os.getloadavg()[0], **measured}, indent=2))
