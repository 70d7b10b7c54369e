"""Decisions are kept with what they were made from, and can be made again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select

from speko_core.deps import Deps, build_deps
from speko_core.providers.base import FailureKind, Modality
from speko_core.providers.catalog import load_catalog
from speko_core.routing.decisions import (
    Inputs,
    dump_call,
    dump_offers,
    dump_policy,
    dump_ranked,
    load_call,
    load_offers,
    load_policy,
    run,
)
from speko_core.routing.decisions_models import RoutingDecision, RoutingInput, RoutingSnapshot
from speko_core.routing.eligibility import Needs, RoutingCall
from speko_core.routing.intent import OptimizeFor, Region, RoutingIntent
from speko_core.routing.offers import KeySource, Offer
from speko_core.routing.policy import DEFAULT_POLICIES
from speko_core.routing.snapshot import make_snapshot, seed_snapshot
from speko_core.routing.snapshots import dump, load, publish
from tests.conftest import Tenant, rest_client
from tests.fakes.scripted_providers import HELLO, cast, failure

BODY = {"messages": [{"role": "user", "content": "Hi"}], "intent": {"language": "en"}}
JSON = {"Accept": "application/json"}
SOURCES: tuple[KeySource, ...] = ("BYOK", "MANAGED", "NONE")


def catalogued(modality: Modality, sources: list[KeySource]) -> tuple[Offer, ...]:
    """Every model of the catalogue, with keys as drawn."""
    vendors = list(load_catalog().values())
    return tuple(
        Offer(facts.vendor, model, facts.kind == "sandbox", None if source != "NONE" else "no_key", source)
        for facts, source in zip(vendors, sources * len(vendors), strict=False)
        for model in facts.models
        if model.modality is modality
    )


intents = st.builds(
    RoutingIntent,
    language=st.sampled_from(["en", "en-US", "es-MX", "de"]),
    region=st.sampled_from(list(Region)),
    optimize_for=st.sampled_from(list(OptimizeFor)),
)


@settings(max_examples=60, deadline=None)
@given(
    intents,
    st.sampled_from([Modality.STT, Modality.LLM, Modality.TTS]),
    st.lists(st.sampled_from(SOURCES), min_size=1, max_size=7),
    st.sets(st.integers(min_value=0, max_value=40)),
    st.sets(st.sampled_from(["tools", "keywords", "instructions"])),
    st.booleans(),
)
def test_what_is_stored_of_a_decision_makes_the_same_decision_again(
    intent: RoutingIntent, modality: Modality, sources: list[KeySource], sick: set[int], wanted: set[str], credit: bool
) -> None:
    """RTE-11: byte for byte, whatever health, keys, options and credit were."""
    offers = catalogued(modality, sources)
    blocked = {offer.id: "circuit open" for place, offer in enumerate(offers) if place in sick and not offer.sandbox}
    call = RoutingCall(intent, "live", (), Needs(frozenset(wanted)), blocked)
    inputs = Inputs(call, offers, seed_snapshot(), DEFAULT_POLICIES[modality], credit)
    first = run(inputs)
    stored_call, stored_credit = load_call(dump_call(inputs).decode())
    again = run(
        Inputs(
            stored_call,
            load_offers(dump_offers(offers).decode()),
            load(dump(seed_snapshot())),
            load_policy(dump_policy(inputs.policy).decode()),
            stored_credit,
        )
    )
    assert dump_ranked(again) == dump_ranked(first)
    assert (again.filtered_out, again.panic, again.source) == (first.filtered_out, first.panic, first.source)


@settings(max_examples=40, deadline=None)
@given(intents, st.lists(st.sampled_from(SOURCES), min_size=1, max_size=7))
def test_panic_tries_real_candidates_and_never_an_offline_one(intent: RoutingIntent, sources: list[KeySource]) -> None:
    """RTE-12: a failing cloud provider never becomes the sandbox in silence."""
    offers = catalogued(Modality.LLM, sources)
    real = [offer for offer in offers if not offer.sandbox and offer.missing is None]
    call = RoutingCall(intent, blocked={offer.id: "circuit open" for offer in real})
    decision = run(Inputs(call, offers, seed_snapshot(), DEFAULT_POLICIES[Modality.LLM]))
    healthy = run(Inputs(replace(call, blocked={}), offers, seed_snapshot(), DEFAULT_POLICIES[Modality.LLM]))
    if real and healthy.ranked:
        assert decision.panic
        assert {one.id for one in decision.ranked} == {one.id for one in healthy.ranked}
        assert not any(one.offer.sandbox for one in decision.ranked)


def test_a_snapshot_is_the_same_after_it_was_stored() -> None:
    """RTE-11"""
    assert load(dump(seed_snapshot())).scores_run_id == seed_snapshot().scores_run_id


@pytest.fixture
async def live(deps: Deps) -> AsyncIterator[Deps]:
    """Three vendors with the platform's keys; the first one is out of order."""
    keys = {name: SecretStr("platform") for name in ("a", "b", "c")}
    built = build_deps(deps.settings.model_copy(update={"provider_keys": keys}))
    broken = tuple(failure(FailureKind.UPSTREAM) for _ in range(1))
    yield replace(built, providers=cast(a=broken, b=HELLO, c=HELLO, needs_key=True).registry)
    await built.aclose()


async def replayed(client: httpx.AsyncClient, decision_id: str) -> dict[str, object]:
    answer = await client.post("/v1/routing/replay", json={"decisionId": decision_id})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_every_answer_names_a_decision_that_replays(live: Deps, tenant: Tenant) -> None:
    """RTE-11, RTE-12: also those made while a breaker was open, after the policy and the benchmark have changed."""
    async with rest_client(live, tenant.key) as client:
        ids = [
            (await client.post("/v1/complete", json=BODY, headers=JSON)).headers["x-speko-decision-id"]
            for _ in range(8)
        ]
        await live.journal.drain()
        await client.put(
            "/v1/routing/policies",
            json={"modality": "llm", "presets": {"balanced": {"quality": 0, "latency": 1, "cost": 0}}},
        )
        async with live.database.transaction(None, all_organizations=True) as db:
            await publish(db, make_snapshot({}, seed_snapshot().sources), live.clock.now())
        live.standings.forget(tenant.organization_id)
        await client.post("/v1/complete", json=BODY)
        answers = [await replayed(client, decision_id) for decision_id in ids]
    assert all(answer["identical"] for answer in answers)
    chains = [[one["id"] for one in answer["ranked"]] for answer in answers]  # type: ignore[index, attr-defined]
    assert chains[0] == ["a:m-a", "b:m-b", "c:m-c"]
    assert chains[-1] == ["b:m-b", "c:m-c"]
    left_out = {one["id"]: one for one in answers[-1]["filtered_out"]}  # type: ignore[attr-defined]
    assert left_out["a:m-a"]["code"] == "unhealthy"
    assert "5 failures in a row" in left_out["a:m-a"]["reason"]


async def test_inputs_are_stored_once_for_many_decisions(live: Deps, tenant: Tenant) -> None:
    """RTE-11"""
    async with rest_client(live, tenant.key) as client:
        await asyncio.gather(*(client.post("/v1/complete", json=BODY) for _ in range(20)))
    await live.journal.drain()
    async with live.database.transaction(tenant.organization_id, read_only=True) as db:
        assert len((await db.execute(select(RoutingDecision.id))).scalars().all()) == 20
        kinds = Counter(one.partition("_")[0] for one in (await db.execute(select(RoutingInput.id))).scalars())
        assert (kinds["policy"], kinds["offers"]) == (1, 1)
        # One while the first candidate is well, one without it.
        assert kinds["chain"] <= 2
        assert (await db.execute(select(RoutingSnapshot.id))).scalars().all() == [seed_snapshot().scores_run_id]


async def test_another_organizations_decision_is_not_found(live: Deps, tenant: Tenant, other_tenant: Tenant) -> None:
    """ORG-1"""
    async with rest_client(live, tenant.key) as mine, rest_client(live, other_tenant.key) as theirs:
        made = (await mine.post("/v1/complete", json=BODY, headers=JSON)).headers["x-speko-decision-id"]
        await live.journal.drain()
        answers = [
            await theirs.post("/v1/routing/replay", json={"decisionId": decision}) for decision in (made, "dec_none")
        ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


async def test_a_policy_takes_effect_at_once_and_can_be_taken_back(
    rest: httpx.AsyncClient, other_rest: httpx.AsyncClient
) -> None:
    """RTE-3: for this organization alone, one at a time, without another benchmark."""
    stt = {"modality": "stt", "maxLatencyP50Ms": None, "pinsNeedData": False}
    for weights in ({"quality": 1, "latency": 0, "cost": 0}, {"quality": 0.2, "latency": 0.2, "cost": 0.6}):
        stored = await rest.put("/v1/routing/policies", json={**stt, "presets": {"cost": weights}})
        assert stored.status_code == 200, stored.text
    mine = (await rest.get("/v1/routing/policies")).json()["policies"]
    theirs = (await other_rest.get("/v1/routing/policies")).json()["policies"]
    assert mine[0] == stored.json()
    assert (mine[0]["source"], mine[0]["presets"]["cost"]["cost"], mine[0]["maxLatencyP50Ms"]) == (
        "organization",
        0.6,
        None,
    )
    assert mine[0]["presets"]["balanced"] == {"quality": 0.5, "latency": 0.3, "cost": 0.2}
    assert {row["source"] for row in theirs} == {"default"}
    restored = await rest.put("/v1/routing/policies", json={"modality": "stt"})
    assert restored.json() == theirs[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"modality": "video"},
        {"modality": "stt", "presets": {"balanced": {"quality": 1, "latency": 1, "cost": 1}}},
        {"modality": "stt", "presets": {"fastest": {"quality": 1, "latency": 0, "cost": 0}}},
        {"modality": "stt", "unknown": 1},
    ],
)
async def test_a_policy_that_cannot_rank_is_refused(rest: httpx.AsyncClient, wrong: dict[str, object]) -> None:
    """ORG-10"""
    answer = await rest.put("/v1/routing/policies", json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
