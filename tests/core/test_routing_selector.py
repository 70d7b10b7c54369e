"""The selector: golden composites, the documented filters, fallbacks, allow-lists, offline rules, properties."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speko_core.errors import InvalidInput
from speko_core.providers.base import Modality
from speko_core.providers.catalog import ModelFacts
from speko_core.routing.board import Board
from speko_core.routing.decision import Decision, FilteredOut
from speko_core.routing.eligibility import Needs, RoutingCall
from speko_core.routing.intent import OptimizeFor, RoutingIntent
from speko_core.routing.offers import Missing, Offer
from speko_core.routing.policy import DEFAULT_POLICIES, DEFAULT_STT_POLICY, DEFAULT_TTS_POLICY
from speko_core.routing.selector import select, select_on
from speko_core.routing.snapshot import Latency, Quality, Row, RowPrice, Snapshot, Source, make_snapshot, seed_snapshot

GOLDEN = json.loads((Path(__file__).parent / "routing_golden.json").read_text())
EN = RoutingIntent(language="en")


def offer(candidate: str, modality: Modality = Modality.STT, *, sandbox: bool = False, **facts: object) -> Offer:
    vendor, _, model = candidate.partition(":")
    missing = facts.pop("missing", None)
    described = ModelFacts.model_validate({"id": model, "modality": modality, **facts})
    return Offer(vendor, described, sandbox, missing)  # type: ignore[arg-type]


def row(candidate: str, quality: float | None, latency: float | None, price: float | None, **change: object) -> Row:
    values: dict[str, object] = {
        "id": candidate,
        "language": "en",
        "region": "global",
        "mode": "batch",
        "status": "production",
        "source": "ours",
        "date": "2026-01-01",
        "quality": None if quality is None else Quality(metric="wer_pct", value=quality, higher_is_better=False),
        "latency": None if latency is None else Latency(metric="ttfp", p50_ms=latency),
        "price": None if price is None else RowPrice(unit="minute", micro_usd=round(price * 1_000_000)),
    }
    return Row.model_validate({**values, **change})


def source(name: str, provenance: str = "imported") -> Source:
    return Source.model_validate(
        {"id": name, "provenance": provenance, "who": "", "where": "", "what": "", "read": "2026-01-01"}
    )


def snapshot(rows: Iterable[Row], sources: Iterable[Source] = (source("ours"), source("theirs"))) -> Snapshot:
    return make_snapshot({Modality.STT: tuple(rows)}, sources)


def reasons(decision: Decision) -> dict[str, str]:
    return {entry.id: entry.code for entry in decision.filtered_out}


def ids(decision: Decision) -> list[str]:
    return [ranked.id for ranked in decision.ranked]


@pytest.mark.parametrize(
    "case", GOLDEN["cases"], ids=lambda case: f"{case['modality']}-{case['optimizeFor']}-{case['rows']}"
)
def test_composites_equal_the_golden_ones(case: dict[str, object]) -> None:
    """RTE-18: over every model the shipped snapshot knows, to a thousandth."""
    modality = Modality(str(case["modality"]))
    policy = DEFAULT_POLICIES[modality]
    if case["rows"]["include_provisional"]:  # type: ignore[index]
        policy = replace(policy, excluded_statuses=frozenset({"warned"}))
    seed = seed_snapshot()
    known = [offer(candidate, modality) for candidate in sorted(seed.ids(modality))]
    intent = RoutingIntent.model_validate({key: case[key] for key in ("language", "region", "optimizeFor")})
    decision = select(RoutingCall(intent), known, seed, policy)
    scored = [ranked for ranked in decision.ranked if ranked.score is not None]
    expected = case["expect"]
    assert isinstance(expected, list)
    assert [ranked.id for ranked in scored] == [entry["id"] for entry in expected]
    assert [ranked.score for ranked in scored] == pytest.approx([e["score"] for e in expected], abs=GOLDEN["tolerance"])


def test_the_hard_filters_come_before_the_scores_and_say_why() -> None:
    """RTE-2: dropped candidates do not pull the others' scores around."""
    rows = [
        row("a:good", 5, 500, 0.01),
        row("b:worse", 10, 1000, 0.02),
        row("c:slow", 1, 3001, 0.001),
        row("d:warned", 0, 1, 0, status="warned"),
        row("e:scaffold", 0, 1, 0, status="provisional"),
    ]
    decision = select(RoutingCall(EN), [offer(entry.id) for entry in rows], snapshot(rows), DEFAULT_STT_POLICY)
    assert [(ranked.id, ranked.score) for ranked in decision.ranked] == [("a:good", 1.0), ("b:worse", 0.0)]
    assert decision.filtered_out == (
        FilteredOut("c:slow", "latency_cutoff", "p50 of 3001 ms is over the cutoff of 3000 ms"),
        FilteredOut("d:warned", "status_warned", "its status is warned in ours"),
        FilteredOut("e:scaffold", "status_provisional", "its status is provisional in ours"),
    )


def test_only_speech_recognition_has_the_latency_cutoff() -> None:
    """RTE-2"""
    rows = (row("a:x", 1, 9000, 0.1),)
    found = select(
        RoutingCall(EN),
        [offer("a:x", Modality.TTS)],
        make_snapshot({Modality.TTS: rows}, [source("ours")]),
        DEFAULT_TTS_POLICY,
    )
    assert ids(found) == ["a:x"]


def test_a_region_falls_back_to_global_only_when_it_has_no_row_at_all() -> None:
    """RTE-2"""
    rows = [
        row("a:x", 5, 500, 0.01, region="us-east4"),
        row("a:x", 5, 100, 0.01),
        row("b:y", 1, 50, 0.001),
    ]
    known = [offer("a:x"), offer("b:y")]
    near = select(
        RoutingCall(RoutingIntent(language="en", region="us-east4")), known, snapshot(rows), DEFAULT_STT_POLICY
    )  # type: ignore[arg-type]
    far = select(
        RoutingCall(RoutingIntent(language="en", region="europe-west3")), known, snapshot(rows), DEFAULT_STT_POLICY
    )  # type: ignore[arg-type]
    assert (ids(near), reasons(near)) == (["a:x"], {"b:y": "no_region_data"})
    assert ids(far) == ["b:y", "a:x"]


def test_en_us_is_ranked_by_the_figures_of_en_and_a_dialect_by_its_own() -> None:
    """RTE-18"""
    rows = [row("a:x", 5, 100, 0.01), row("b:y", 9, 100, 0.01), row("b:y", 1, 100, 0.01, language="en-GB")]
    known = [offer("a:x"), offer("b:y")]
    american = select(RoutingCall(RoutingIntent(language="en-US")), known, snapshot(rows), DEFAULT_STT_POLICY)
    british = select(RoutingCall(RoutingIntent(language="en-GB")), known, snapshot(rows), DEFAULT_STT_POLICY)
    assert ids(american) == ["a:x", "b:y"]
    assert ids(british) == ["b:y", "a:x"]
    assert british.ranked[1].score is None


def test_without_a_measured_quality_a_candidate_ranks_after_the_measured_ones() -> None:
    """RTE-18: null is never a score, and catalogue order decides among the unmeasured."""
    rows = [row("a:measured", 90, 2999, 9), row("b:fast", None, 1, 0)]
    known = [
        offer("d:last", rank=7),
        offer("c:first", rank=3),
        offer("b:fast", rank=5),
        offer("a:measured", rank=9),
    ]
    decision = select(RoutingCall(EN), known, snapshot(rows), DEFAULT_STT_POLICY)
    assert ids(decision) == ["a:measured", "c:first", "b:fast", "d:last"]
    assert [ranked.score for ranked in decision.ranked] == [1.0, None, None, None]
    assert {ranked.reason for ranked in decision.ranked[1:]} == {"no measured quality for this intent"}


def test_a_missing_latency_or_price_counts_as_the_worst_and_is_said() -> None:
    """RTE-18"""
    rows = [row("a:whole", 5, 100, 0.01), row("b:gaps", 5, None, None)]
    decision = select(RoutingCall(EN), [offer("a:whole"), offer("b:gaps")], snapshot(rows), DEFAULT_STT_POLICY)
    gaps = decision.ranked[1]
    assert (gaps.id, gaps.score) == ("b:gaps", 0.5)
    assert gaps.reason == "no measured latency and price, counted as the worst"


def test_sources_never_share_an_axis_and_measured_ones_come_first() -> None:
    """RTE-18"""
    rows = [row("a:x", 5, 100, 0.01), row("b:y", 1, 1, 0.001, source="theirs"), row("c:z", 3, 1, 0.1, source="theirs")]
    known = [offer("a:x"), offer("b:y"), offer("c:z")]
    imported = select(RoutingCall(EN), known, snapshot(rows), DEFAULT_STT_POLICY)
    measured_first = snapshot(rows, [source("ours"), source("theirs", "measured")])
    measured = select(RoutingCall(EN), known, measured_first, DEFAULT_STT_POLICY)
    assert (imported.source, ids(imported)[0]) == ("ours", "a:x")
    assert [ranked.basis for ranked in imported.ranked] == ["imported", "unmeasured", "unmeasured"]
    assert (measured.source, ids(measured)) == ("theirs", ["b:y", "c:z", "a:x"])
    assert [ranked.basis for ranked in measured.ranked] == ["measured", "measured", "unmeasured"]


def test_an_allow_list_takes_vendors_and_models_mixed() -> None:
    """RTE-5"""
    rows = [row(name, index, 100, 0.01) for index, name in enumerate(("a:x", "a:y", "b:x", "b:y", "c:x"))]
    known = [offer(entry.id) for entry in rows]
    decision = select(RoutingCall(EN, allowed=("b", "a:y")), known, snapshot(rows), DEFAULT_STT_POLICY)
    assert ids(decision) == ["a:y", "b:x", "b:y"]
    assert reasons(decision) == {"a:x": "not_allowed", "c:x": "not_allowed"}


@pytest.mark.parametrize("entry", ["nobody", "a:unknown", "A", "a:", ""])
def test_an_unknown_entry_is_refused_by_name(entry: str) -> None:
    """RTE-5: a typo must not silently pick an alternative."""
    rows = [row("a:x", 1, 100, 0.01)]
    with pytest.raises(InvalidInput) as refused:
        select(RoutingCall(EN, allowed=("a", entry)), [offer("a:x")], snapshot(rows), DEFAULT_STT_POLICY)
    assert refused.value.fields[0].field == "constraints.allowedProviders.stt[1]"
    assert repr(entry) in refused.value.message


def test_a_pinned_model_without_any_figures_does_not_route() -> None:
    """RTE-5; without the pin it is a runner-up (RTE-18)."""
    known = [offer("a:x"), offer("b:new")]
    rows = [row("a:x", 1, 100, 0.01)]
    pinned = select(RoutingCall(EN, allowed=("b",)), known, snapshot(rows), DEFAULT_STT_POLICY)
    free = select(RoutingCall(EN), known, snapshot(rows), DEFAULT_STT_POLICY)
    assert (ids(pinned), reasons(pinned)["b:new"]) == ([], "no_benchmark_data")
    assert ids(free) == ["a:x", "b:new"]


def test_a_candidate_without_a_key_or_an_adapter_is_left_out_with_the_reason() -> None:
    """RTE-8"""
    known = [offer("a:x"), offer("b:y", missing="no_key"), offer("c:z", missing="no_adapter")]
    decision = select(RoutingCall(EN), known, snapshot([]), DEFAULT_STT_POLICY)
    assert (ids(decision), reasons(decision)) == (["a:x"], {"b:y": "no_key", "c:z": "no_adapter"})


def test_offline_providers_serve_live_calls_only_where_nothing_real_is_configured() -> None:
    """RTE-17: and never in one chain with real ones."""
    local = offer("local:sphinx", sandbox=True)
    alone = select(RoutingCall(EN), [offer("a:x", missing="no_key"), local], snapshot([]), DEFAULT_STT_POLICY)
    beside = select(RoutingCall(EN), [offer("a:x"), local], snapshot([]), DEFAULT_STT_POLICY)
    pinned = select(RoutingCall(EN, allowed=("local",)), [offer("a:x"), local], snapshot([]), DEFAULT_STT_POLICY)
    unsuited = select(RoutingCall(EN), [offer("a:x", languages=["fr"]), local], snapshot([]), DEFAULT_STT_POLICY)
    assert ids(alone) == ["local:sphinx"]
    assert (ids(beside), reasons(beside)["local:sphinx"]) == (["a:x"], "offline_provider")
    assert ids(pinned) == []
    assert ids(unsuited) == []


def test_a_test_key_reaches_offline_providers_only_whatever_is_pinned() -> None:
    """ORG-4: an agent pinned to a cloud model can still be tried with a test key."""
    known = [offer("a:x"), offer("local:one", sandbox=True), offer("local:two", sandbox=True)]
    free = select(RoutingCall(EN, "test"), known, snapshot([]), DEFAULT_STT_POLICY)
    pinned = select(RoutingCall(EN, "test", ("a", "local:two")), known, snapshot([]), DEFAULT_STT_POLICY)
    cloud_pin = select(RoutingCall(EN, "test", ("a",)), known, snapshot([]), DEFAULT_STT_POLICY)
    assert ids(free) == ids(cloud_pin) == ["local:one", "local:two"]
    assert ids(pinned) == ["local:two"]
    assert reasons(free) == {"a:x": "test_mode"}


def test_options_are_gone_around_or_named() -> None:
    """RTE-20"""
    known = [
        offer("a:plain"),
        offer("b:able", options=["keywords"], voices=[{"id": "eve", "name": "Eve"}]),
        offer("c:any", options=["keywords", "any_voice"]),
    ]
    needs = Needs(frozenset({"keywords"}), "zed")
    decision = select(RoutingCall(EN, needs=needs), known, snapshot([]), DEFAULT_STT_POLICY)
    assert (ids(decision), reasons(decision)) == (["c:any"], {"a:plain": "option", "b:able": "voice"})
    stand_in = select(
        RoutingCall(EN, "test", needs=needs), [offer("l:m", sandbox=True)], snapshot([]), DEFAULT_STT_POLICY
    )
    assert stand_in.ranked[0].ignored == ("keywords", "voice")


def test_an_offline_provider_stands_in_only_where_no_other_offline_one_has_the_option() -> None:
    """RTE-20"""
    known = [
        offer("local:first", sandbox=True, rank=1),
        offer("local:second", sandbox=True, rank=2, voices=[{"id": "eve", "name": "Eve"}]),
    ]
    eve = select(RoutingCall(EN, "test", needs=Needs(voice="eve")), known, snapshot([]), DEFAULT_STT_POLICY)
    zed = select(RoutingCall(EN, "test", needs=Needs(voice="zed")), known, snapshot([]), DEFAULT_STT_POLICY)
    assert (ids(eve), reasons(eve)) == (["local:second"], {"local:first": "voice"})
    assert [ranked.ignored for ranked in zed.ranked] == [("voice",), ("voice",)]


def test_an_unhealthy_candidate_is_left_out_with_its_reason() -> None:
    """RTE-12: the health that was used is an input, so the decision replays."""
    call = RoutingCall(EN, blocked={"a:x": "circuit open for 8 s"})
    decision = select(call, [offer("a:x"), offer("b:y")], snapshot([]), DEFAULT_STT_POLICY)
    assert decision.filtered_out == (FilteredOut("a:x", "unhealthy", "circuit open for 8 s"),)


def test_equal_content_has_an_equal_id_and_any_change_another() -> None:
    """RTE-11"""
    rows = [row("a:x", 1, 2, 3), row("b:y", 4, 5, 6)]
    assert snapshot(rows).scores_run_id == snapshot(reversed(rows)).scores_run_id
    assert snapshot(rows).scores_run_id != snapshot(rows[:1]).scores_run_id
    assert snapshot(rows).scores_run_id != snapshot([rows[0], row("b:y", 4, 5, 7)]).scores_run_id


def test_every_shipped_row_names_its_source_and_date() -> None:
    """RTE-18: the seed is marked imported until something is measured here."""
    seed = seed_snapshot()
    names = {entry.id for entry in seed.sources}
    rows = [entry for modality in Modality for entry in seed.rows[modality]]
    assert {entry.source for entry in rows} == names
    assert all(entry.date for entry in rows)
    assert {entry.provenance for entry in seed.sources} == {"imported"}


figures = st.one_of(st.none(), st.floats(0, 5000, allow_nan=False))
STATUSES = ("production", "warned", "provisional")
MISSING: tuple[Missing | None, ...] = (None, None, None, "no_key", "no_adapter")


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Offer], list[Row]]:
    names = [f"{vendor}:{model}" for vendor in "abc" for model in "xyz"]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    known = [
        offer(
            name,
            sandbox=name.startswith("c"),
            missing=draw(st.sampled_from(MISSING)),
            rank=draw(st.integers(0, 3)),
            languages=draw(st.sampled_from([[], ["en"], ["fr"]])),
        )
        for name in chosen
    ]
    rows = [
        row(name, draw(figures), draw(figures), draw(figures), status=draw(st.sampled_from(STATUSES)), source=where)
        for where in ("ours", "theirs")
        for name in names
        if draw(st.booleans())
    ]
    return known, rows


calls = st.builds(
    RoutingCall,
    intent=st.builds(
        RoutingIntent,
        language=st.sampled_from(["en", "en-US", "fr"]),
        optimize_for=st.sampled_from(list(OptimizeFor)),
    ),
    mode=st.sampled_from(["live", "test"]),
    blocked=st.dictionaries(st.sampled_from(["a:x", "b:y"]), st.just("open")),
)


@settings(deadline=None)
@given(worlds(), calls)
def test_every_offer_is_ranked_or_filtered_exactly_once_and_the_rules_hold(
    world: tuple[list[Offer], list[Row]], call: RoutingCall
) -> None:
    """RTE-2, RTE-8, RTE-17, ORG-4"""
    known, rows = world
    decision = select(call, known, snapshot(rows), DEFAULT_STT_POLICY)
    assert sorted([*ids(decision), *reasons(decision)]) == sorted(entry.id for entry in known)
    scores = [ranked.score for ranked in decision.ranked if ranked.score is not None]
    assert all(0 <= score <= 1 + 1e-9 for score in scores)
    assert scores == sorted(scores, reverse=True)
    assert [ranked.score is None for ranked in decision.ranked] == sorted(r.score is None for r in decision.ranked)
    kinds = {ranked.offer.sandbox for ranked in decision.ranked}
    assert len(kinds) <= 1
    for ranked in decision.ranked:
        assert ranked.offer.missing is None
        assert ranked.offer.facts.speaks(call.intent.language)
        assert ranked.id not in call.blocked
        assert ranked.offer.sandbox or call.mode == "live"


@settings(deadline=None)
@given(worlds(), calls, st.randoms(use_true_random=False))
def test_the_same_inputs_in_any_order_give_the_same_decision(
    world: tuple[list[Offer], list[Row]], call: RoutingCall, random: "object"
) -> None:
    """RTE-11: a decision replays."""
    known, rows = world
    first = select(call, known, snapshot(rows), DEFAULT_STT_POLICY)
    random.shuffle(known)  # type: ignore[attr-defined]
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert select(call, known, snapshot(rows), DEFAULT_STT_POLICY) == first


@settings(deadline=None)
@given(worlds(), st.lists(calls, min_size=2, max_size=6))
def test_a_decision_does_not_depend_on_those_made_from_the_same_board_before(
    world: tuple[list[Offer], list[Row]], many: list[RoutingCall]
) -> None:
    """RTE-11: what is worked out once for many calls is what each would have worked out."""
    known, rows = world
    shared = Board(known, snapshot(rows), DEFAULT_STT_POLICY)
    for call in [*many, *many]:
        assert select_on(shared, call) == select(call, known, snapshot(rows), DEFAULT_STT_POLICY)


@settings(deadline=None)
@given(worlds(), calls, st.floats(0.01, 1))
def test_becoming_faster_never_costs_a_candidate_its_place(
    world: tuple[list[Offer], list[Row]], call: RoutingCall, factor: float
) -> None:
    """RTE-2: scores are monotone in latency."""
    known, rows = world
    before = select(call, known, snapshot(rows), DEFAULT_STT_POLICY)
    scored = [ranked for ranked in before.ranked if ranked.score is not None]
    if not scored:
        return
    lucky = scored[-1].id
    faster = [
        entry.model_copy(update={"latency": Latency(metric="ttfp", p50_ms=entry.latency.p50_ms * factor)})
        if entry.id == lucky and entry.source == before.source and entry.latency
        else entry
        for entry in rows
    ]
    after = select(call, known, snapshot(faster), DEFAULT_STT_POLICY)
    assert ids(after).index(lucky) <= ids(before).index(lucky)
