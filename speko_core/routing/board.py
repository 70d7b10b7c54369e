"""What follows from the offers, the benchmark figures and the policy alone, worked out once for thousands of decisions.

A board is by language, region and mode what no single call changes: which offers are open, which figures may be
compared and how they read, and how the open ones score. Decisions with constraints start from it as well.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from speko_core.routing.decision import Drop, FilteredOut, Scores
from speko_core.routing.eligibility import LIVE, Entry, RoutingCall, entries
from speko_core.routing.intent import RoutingIntent
from speko_core.routing.offers import Offer
from speko_core.routing.policy import Policy
from speko_core.routing.snapshot import Quality, Row, Snapshot, Source

T = TypeVar("T")
KEPT = 256


class Figures(NamedTuple):
    """One measurement, every axis as lower-is-better. `excluded` says why the policy does not rank it."""

    excluded: tuple[Drop, str] | None
    quality: float | None
    latency: float | None
    price: float | None
    gaps: str | None


@dataclass(frozen=True)
class Stage:
    """What one source measured for one language: by region, the asked one first, figures by candidate."""

    source: Source
    language: str
    cells: tuple[tuple[str, Mapping[str, Figures]], ...]


class Scored(NamedTuple):
    """A measured candidate on its axes."""

    offer: Offer
    axes: Scores
    gaps: str | None


@dataclass(frozen=True)
class Field:
    """The candidates of a decision once every filter has spoken: all but the weights of the axes."""

    source: Source | None
    scored: Sequence[Scored]
    unscored: Sequence[tuple[Offer, str]]
    filtered_out: tuple[FilteredOut, ...]


class _Kept(Generic[T]):
    """Values by key, made when first asked for; bounded, least recently made dropped first."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = make()
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return known


class Board:
    """Offers, snapshot and policy that many calls share."""

    def __init__(self, offers: Sequence[Offer], snapshot: Snapshot, policy: Policy) -> None:
        self.offers, self.snapshot, self.policy = offers, snapshot, policy
        self._entries: _Kept[tuple[Entry, ...]] = _Kept()
        self._stages: _Kept[tuple[Stage, ...]] = _Kept()
        self._fields: _Kept[Field] = _Kept()

    def entries(self, call: RoutingCall) -> tuple[Entry, ...]:
        """Every offer with the obstacles that calls like this one meet."""
        mode, language, live = call.mode, call.intent.language, LIVE in call.needs.hints

        def make() -> tuple[Entry, ...]:
            return entries(self.offers, self.snapshot, self.policy, mode=mode, language=language, live=live)

        return self._entries.get((mode, language, live), make)

    def stages(self, intent: RoutingIntent) -> tuple[Stage, ...]:
        """The figures that may rank, in the order in which they are asked."""
        return self._stages.get((intent.language, intent.region), lambda: tuple(_stages(self, intent)))

    def field(self, call: RoutingCall, make: Callable[[], Field]) -> Field:
        """The field of a call; made once for all calls without constraints, needs and unhealthy candidates."""
        if call.allowed or call.blocked or not call.needs.are_none:
            return make()
        key = (call.mode, call.intent.language, call.intent.region, LIVE in call.needs.hints)
        return self._fields.get(key, make)


class Boards:
    """The boards of a process, by the identity of what they are made of."""

    def __init__(self) -> None:
        self._boards: _Kept[Board] = _Kept()

    def get(self, offers: tuple[Offer, ...], snapshot: Snapshot, policy: Policy) -> Board:
        """The board of these; it keeps them, so that their identity stays theirs."""
        key = (id(offers), id(snapshot), id(policy))
        return self._boards.get(key, lambda: Board(offers, snapshot, policy))


def _stages(board: Board, intent: RoutingIntent) -> Sequence[Stage]:
    found = []
    for language in intent.language_chain:
        for source in board.snapshot.ranking_sources():
            cells = tuple(_cells(board, intent, source, language))
            if cells:
                found.append(Stage(source, language, cells))
    return found


def _cells(
    board: Board, intent: RoutingIntent, source: Source, language: str
) -> Sequence[tuple[str, Mapping[str, Figures]]]:
    regions = (
        (region, board.snapshot.cell(board.policy.modality, source.id, language, region))
        for region in intent.region_chain
    )
    return [
        (region, {name: _figures(row, board.policy) for name, row in cell.items()}) for region, cell in regions if cell
    ]


def _figures(row: Row, policy: Policy) -> Figures:
    latency = row.latency.p50_ms if row.latency else None
    price = float(row.price.micro_usd) if row.price else None
    missing = [name for name, value in (("latency", row.latency), ("price", row.price)) if value is None]
    gaps = f"no measured {' and '.join(missing)}, counted as the worst" if missing else None
    return Figures(_excluded(row, policy), _quality_cost(row.quality), latency, price, gaps)


def _quality_cost(quality: Quality | None) -> float | None:
    if quality is None:
        return None
    return -quality.value if quality.higher_is_better else quality.value


def _excluded(row: Row, policy: Policy) -> tuple[Drop, str] | None:
    limit = policy.max_latency_p50_ms
    if row.status in policy.excluded_statuses:
        code: Drop = "status_warned" if row.status == "warned" else "status_provisional"
        return code, f"its status is {row.status} in {row.source}"
    if limit is not None and row.latency is not None and row.latency.p50_ms > limit:
        return "latency_cutoff", f"p50 of {row.latency.p50_ms:g} ms is over the cutoff of {limit:g} ms"
    return None
