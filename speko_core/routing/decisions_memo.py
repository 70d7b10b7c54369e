"""The same inputs give the same decision, so a busy process computes it once (RTE-11)."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from speko_core.routing.board import Boards
from speko_core.routing.decision import Decision
from speko_core.routing.decisions import Inputs, dump_call, dump_ranked, run

KEPT = 2048


@dataclass(frozen=True)
class Decided:
    """A decision, with its call and chain as they are stored. Keeping the inputs keeps their identity theirs."""

    inputs: Inputs
    decision: Decision
    call: str
    ranked: str


class DecisionMemo:
    """Decisions by their inputs: the call by value, the large immutable parts by identity."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Decided] = OrderedDict()
        self._boards = Boards()

    def decide(self, inputs: Inputs) -> Decided:
        """Decide, or remember.

        Raises:
            InvalidInput: an allow-list entry is unknown.
        """
        key = _key(inputs)
        known = self._known.get(key)
        if known is None:
            decision = run(inputs, self._boards)
            call, ranked = dump_call(inputs).decode(), dump_ranked(decision).decode()
            known = self._known[key] = Decided(inputs, decision, call, ranked)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return known


def _key(inputs: Inputs) -> Hashable:
    call, intent = inputs.call, inputs.call.intent
    return (
        (intent.language, intent.region, intent.optimize_for),
        (call.mode, call.allowed, call.needs, tuple(call.blocked.items()), inputs.credit),
        (id(inputs.offers), id(inputs.snapshot), id(inputs.policy)),
    )
