"""The selector: a pure function from (call, offers, snapshot, policy) to a decision. No clock, no I/O, no randomness.

Candidates that may serve the call are compared on the first source that measured any of them for the language and
region; each axis is normalized over the survivors, best 1, worst 0; the weighted sum ranks. The rest follows
unscored, in catalogue order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter

from speko_core.errors import FieldProblem, InvalidInput
from speko_core.routing.board import Board, Field, Figures, Scored
from speko_core.routing.decision import Decision, Drop, FilteredOut, Ranked, Scores
from speko_core.routing.eligibility import Needs, RoutingCall, screen
from speko_core.routing.intent import RoutingIntent
from speko_core.routing.offers import Offer
from speko_core.routing.policy import Policy, Weights
from speko_core.routing.snapshot import Snapshot, Source

_by_id = attrgetter("id")


@dataclass
class _Sieve:
    """The candidates of one decision on their way through the filters."""

    open: dict[str, Offer]
    dropped: list[FilteredOut]
    source: Source | None = None
    rows: dict[str, Figures] = field(default_factory=dict)
    region: str = ""

    def drop(self, candidate: str, code: Drop, reason: str) -> None:
        self.dropped.append(FilteredOut(candidate, code, reason))
        self.rows.pop(candidate, None)
        del self.open[candidate]


def select(call: RoutingCall, offers: Sequence[Offer], snapshot: Snapshot, policy: Policy) -> Decision:
    """Rank the offers for one call.

    Raises:
        InvalidInput: an allow-list entry names nothing that the catalogue or the snapshot knows.
    """
    return select_on(Board(offers, snapshot, policy), call)


def select_on(board: Board, call: RoutingCall) -> Decision:
    """Rank the offers of a board for one call.

    Raises:
        InvalidInput: as `select`.
    """
    policy, snapshot = board.policy, board.snapshot
    _check_entries(call, board.offers, snapshot, policy)
    found = board.field(call, partial(_sift, board, call))
    return Decision(
        modality=policy.modality,
        intent=call.intent,
        ranked=(
            *_ranked(found, policy.presets[call.intent.optimize_for], call.needs),
            *_unranked(found, call.needs),
        ),
        filtered_out=found.filtered_out,
        scores_run_id=snapshot.scores_run_id,
        source=found.source.id if found.source else None,
    )


def _sift(board: Board, call: RoutingCall) -> Field:
    sieve = _Sieve(*screen(call, board.entries(call)))
    _choose_source(sieve, board, call.intent)
    _drop_other_regions(sieve, board, call.intent)
    measured = {name: row for name, row in sieve.rows.items() if row.quality is not None}
    scored = [Scored(sieve.open[name], axes, measured[name].gaps) for name, axes in _axes(measured)]
    rest = [offer for name, offer in sieve.open.items() if name not in measured]
    rest.sort(key=lambda offer: (offer.facts.rank, not offer.facts.default, offer.id))
    unscored = [(offer, _unscored_reason(offer)) for offer in rest]
    return Field(sieve.source, scored, unscored, tuple(sorted(sieve.dropped, key=_by_id)))


def _check_entries(call: RoutingCall, offers: Sequence[Offer], snapshot: Snapshot, policy: Policy) -> None:
    if not call.allowed:
        return
    ids = {*(offer.id for offer in offers), *snapshot.ids(policy.modality)}
    known = ids | {candidate.partition(":")[0] for candidate in ids}
    for index, entry in enumerate(call.allowed):
        if entry not in known:
            where = f"constraints.allowedProviders.{policy.modality}[{index}]"
            problem = FieldProblem(where, f"{entry[:80]!r} is not a known provider or provider:model")
            raise InvalidInput(
                f"Invalid request: {where}: {problem.problem}",
                fields=[problem],
                hint="GET /v1/providers/known lists the ids that may stand there.",
            )


def _choose_source(sieve: _Sieve, board: Board, intent: RoutingIntent) -> None:
    for stage in board.stages(intent):
        for region, cell in stage.cells:
            sieve.rows = {name: row for name, row in cell.items() if name in sieve.open}
            if sieve.rows:
                sieve.region = region
                break
        for name, row in list(sieve.rows.items()):
            if row.excluded is not None:
                sieve.drop(name, *row.excluded)
        if sieve.rows:
            sieve.source = stage.source
            return


def _drop_other_regions(sieve: _Sieve, board: Board, intent: RoutingIntent) -> None:
    """A region-specific ranking leaves out what its source measured elsewhere only: the figures do not compare."""
    if sieve.source is None or sieve.region == "global":
        return
    for language in intent.language_chain:
        elsewhere = board.snapshot.cell(board.policy.modality, sieve.source.id, language, "global")
        for name in [name for name in sieve.open if name in elsewhere and name not in sieve.rows]:
            sieve.drop(name, "no_region_data", f"{sieve.source.id} has no figures for {sieve.region}")


def _span(values: Sequence[float]) -> tuple[float, float]:
    return (min(values), max(values)) if values else (0.0, 0.0)


def _inverted(value: float | None, span: tuple[float, float]) -> float:
    """1 for the lowest value, 0 for the highest and for a missing one."""
    if value is None:
        return 0.0
    low, high = span
    return 1.0 if high == low else (high - value) / (high - low)


def _axes(rows: Mapping[str, Figures]) -> Iterable[tuple[str, Scores]]:
    quality, latency, price = (_span([value for value in axis if value is not None]) for axis in _columns(rows))
    for name, row in rows.items():
        yield (
            name,
            Scores(_inverted(row.quality, quality), _inverted(row.latency, latency), _inverted(row.price, price)),
        )


def _columns(rows: Mapping[str, Figures]) -> Iterable[list[float | None]]:
    yield [row.quality for row in rows.values()]
    yield [row.latency for row in rows.values()]
    yield [row.price for row in rows.values()]


def _ranked(found: Field, weights: Weights, needs: Needs) -> list[Ranked]:
    if found.source is None:
        return []
    basis = found.source.provenance
    ranked = []
    for offer, axes, gaps in found.scored:
        score = weights.quality * axes.quality + weights.latency * axes.latency + weights.cost * axes.cost
        ranked.append(Ranked(offer, score, basis, axes, gaps, needs.ignored_by(offer)))
    ranked.sort(key=lambda item: (-(item.score or 0.0), item.offer.facts.rank, item.offer.id))
    return ranked


def _unranked(found: Field, needs: Needs) -> list[Ranked]:
    return [Ranked(offer, None, "unmeasured", None, why, needs.ignored_by(offer)) for offer, why in found.unscored]


def _unscored_reason(offer: Offer) -> str:
    if offer.facts.declared:
        return "declared by the operator, never benchmarked"
    return "offline provider, never benchmarked" if offer.sandbox else "no measured quality for this intent"
