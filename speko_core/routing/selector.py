"""The selector: a pure function from (call, offers, snapshot, policy) to a decision. No clock, no I/O, no randomness.

Candidates that may serve the call are compared on the first source that measured any of them for the language and
region; each axis is normalized over the survivors, best 1, worst 0; the weighted sum ranks. The rest follows
unscored, in catalogue order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from speko_core.errors import FieldProblem, InvalidInput
from speko_core.routing.decision import Decision, Drop, FilteredOut, Ranked, Scores
from speko_core.routing.eligibility import RoutingCall, screen
from speko_core.routing.offers import Offer
from speko_core.routing.policy import Policy, Weights
from speko_core.routing.snapshot import Row, Snapshot, Source


@dataclass
class _Field:
    """The candidates of one decision on their way through the filters."""

    open: dict[str, Offer]
    dropped: list[FilteredOut]
    source: Source | None = None
    rows: dict[str, Row] = field(default_factory=dict)
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
    _check_entries(call, offers, snapshot, policy)
    kept, dropped = screen(call, offers, snapshot, policy)
    state = _Field({offer.id: offer for offer in kept}, dropped)
    _choose_source(state, call, snapshot, policy)
    _drop_other_regions(state, call, snapshot, policy)
    ranked = _scored(state, policy.presets[call.intent.optimize_for], call) + _unscored(state, call)
    return Decision(
        modality=policy.modality,
        intent=call.intent,
        ranked=tuple(ranked),
        filtered_out=tuple(sorted(state.dropped, key=lambda entry: entry.id)),
        scores_run_id=snapshot.scores_run_id,
        source=state.source.id if state.source else None,
    )


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


def _choose_source(state: _Field, call: RoutingCall, snapshot: Snapshot, policy: Policy) -> None:
    for language in call.intent.language_chain:
        for source in snapshot.ranking_sources():
            for region in call.intent.region_chain:
                cell = snapshot.cell(policy.modality, source.id, language, region)
                state.rows = {name: row for name, row in cell.items() if name in state.open}
                if state.rows:
                    state.region = region
                    break
            for name, row in list(state.rows.items()):
                _apply_hard_filters(state, name, row, policy)
            if state.rows:
                state.source = source
                return


def _apply_hard_filters(state: _Field, name: str, row: Row, policy: Policy) -> None:
    limit = policy.max_latency_p50_ms
    if row.status in policy.excluded_statuses:
        code: Drop = "status_warned" if row.status == "warned" else "status_provisional"
        state.drop(name, code, f"its status is {row.status} in {row.source}")
    elif limit is not None and row.latency is not None and row.latency.p50_ms > limit:
        state.drop(name, "latency_cutoff", f"p50 of {row.latency.p50_ms:g} ms is over the cutoff of {limit:g} ms")


def _drop_other_regions(state: _Field, call: RoutingCall, snapshot: Snapshot, policy: Policy) -> None:
    """A region-specific ranking leaves out what its source measured elsewhere only: the figures do not compare."""
    if state.source is None or state.region == "global":
        return
    for language in call.intent.language_chain:
        elsewhere = snapshot.cell(policy.modality, state.source.id, language, "global")
        for name in [name for name in state.open if name in elsewhere and name not in state.rows]:
            state.drop(name, "no_region_data", f"{state.source.id} has no figures for {state.region}")


def _span(values: Sequence[float]) -> tuple[float, float]:
    return (min(values), max(values)) if values else (0.0, 0.0)


def _inverted(value: float | None, span: tuple[float, float]) -> float:
    """1 for the lowest value, 0 for the highest and for a missing one."""
    if value is None:
        return 0.0
    low, high = span
    return 1.0 if high == low else (high - value) / (high - low)


def _quality_cost(row: Row) -> float | None:
    """Quality as lower-is-better."""
    if row.quality is None:
        return None
    return -row.quality.value if row.quality.higher_is_better else row.quality.value


def _latency(row: Row) -> float | None:
    return row.latency.p50_ms if row.latency else None


def _price(row: Row) -> float | None:
    return float(row.price.micro_usd) if row.price else None


def _axes(rows: Mapping[str, Row]) -> dict[str, Scores]:
    quality, latency, price = (
        _span([value for row in rows.values() if (value := read(row)) is not None])
        for read in (_quality_cost, _latency, _price)
    )
    return {
        name: Scores(
            quality=_inverted(_quality_cost(row), quality),
            latency=_inverted(_latency(row), latency),
            cost=_inverted(_price(row), price),
        )
        for name, row in rows.items()
    }


def _scored(state: _Field, weights: Weights, call: RoutingCall) -> list[Ranked]:
    if state.source is None:
        return []
    rows = {name: row for name, row in state.rows.items() if row.quality is not None}
    ranked = []
    for name, axes in _axes(rows).items():
        score = weights.quality * axes.quality + weights.latency * axes.latency + weights.cost * axes.cost
        offer = state.open[name]
        ranked.append(Ranked(offer, score, state.source.provenance, axes, _gaps(rows[name]), _ignored(offer, call)))
    return sorted(ranked, key=lambda item: (-(item.score or 0.0), item.offer.facts.rank, item.id))


def _gaps(row: Row) -> str | None:
    missing = [name for name, value in (("latency", row.latency), ("price", row.price)) if value is None]
    return f"no measured {' and '.join(missing)}, counted as the worst" if missing else None


def _unscored(state: _Field, call: RoutingCall) -> list[Ranked]:
    scored = {name for name, row in state.rows.items() if row.quality is not None}
    rest = [offer for name, offer in state.open.items() if name not in scored]
    rest.sort(key=lambda offer: (offer.facts.rank, not offer.facts.default, offer.id))
    return [Ranked(offer, None, "unmeasured", None, _unscored_reason(offer), _ignored(offer, call)) for offer in rest]


def _unscored_reason(offer: Offer) -> str:
    if offer.facts.declared:
        return "declared by the operator, never benchmarked"
    return "offline provider, never benchmarked" if offer.sandbox else "no measured quality for this intent"


def _ignored(offer: Offer, call: RoutingCall) -> tuple[str, ...]:
    return call.needs.ignored_by(offer)
