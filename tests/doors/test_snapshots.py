"""Benchmark snapshots over both doors: look, publish, go back; and what they do to the router."""

from collections.abc import AsyncIterator

import httpx
import pytest

from speko_core.deps import Deps
from speko_core.providers.base import Modality
from speko_core.routing.snapshot import seed_snapshot
from speko_core.routing.snapshots import Snapshots
from tests.conftest import Tenant, add_tenant, rest_client
from tests.doors.doors import Door, open_door

NOVA = ("deepgram:nova-3", "en", "global")
SEED = seed_snapshot().scores_run_id


def row(candidate: str, quality: float, p50: float) -> dict[str, object]:
    return {
        "id": candidate,
        "items": 300,
        "calls": 302,
        "failed": 2,
        "quality": quality,
        "qualityCi95": {"low": quality - 1, "high": quality + 1},
        "latencyP50Ms": p50,
        "latencyCi95": {"low": p50 - 9, "high": p50 + 9},
        "latencyP95Ms": 2 * p50,
        "latencyP99Ms": 3 * p50,
        "price": {"unit": "minute", "microUsd": 4_000},
    }


DRAFT: dict[str, object] = {
    "modality": "stt",
    "language": "en",
    "region": "global",
    "measuredOn": "2026-11-21",
    "dataSet": "sha256:" + "0" * 64,
    "what": "300 calls of ours",
    "qualityMetric": "wer_pct",
    "latencyMetric": "end_of_speech_to_final_text",
    "normalizer": "speko-text-1",
    "rows": [row("local:sphinx-free", 20, 500), row("local:sphinx-grammar", 10, 100), row("deepgram:nova-3", 5, 300)],
}


@pytest.fixture(params=["rest", "mcp"])
async def door(request: pytest.FixtureRequest, deps: Deps, tenant: Tenant) -> AsyncIterator[Door]:
    async with open_door(request.param, deps, tenant.key) as opened:
        yield opened


async def test_a_preview_says_what_would_change_and_stores_nothing(door: Door) -> None:
    """RTE-14, RTE-18"""
    seen = await door.call("routing.preview_snapshot", **DRAFT)
    assert seen.code is None, seen.message
    grammar, nova = seen.value["changes"][1:]
    assert (grammar["change"], grammar["before"], grammar["after"]["latencyP50Ms"]) == ("added", None, 100)
    assert (nova["change"], nova["after"]["priceMicroUsd"]) == ("replaced", 4_000)
    assert nova["before"]["source"] != nova["after"]["source"]
    assert nova["after"]["source"].startswith("measured-2026-11-21-")
    assert seen.value["chainBefore"] == [
        {"id": "local:sphinx-free", "score": None},
        {"id": "local:sphinx-grammar", "score": None},
    ]
    assert seen.value["chainAfter"] == [
        {"id": "local:sphinx-grammar", "score": 1.0},
        {"id": "local:sphinx-free", "score": 0.2},
    ]
    assert seen.value["basedOn"] == SEED
    listed = (await door.call("routing.snapshots")).value["snapshots"]
    assert [(one["scoresRunId"], one["active"], one["publishedAt"]) for one in listed] == [(SEED, True, None)]


async def test_a_published_benchmark_ranks_alone_and_the_one_before_can_come_back(door: Door) -> None:
    """RTE-14, RTE-18: the content names it, so publishing it again is the same."""
    published = await door.call("routing.publish_snapshot", **DRAFT, basedOn=SEED)
    assert published.code is None, published.message
    assert published.value["sources"][0]["provenance"] == "measured"
    stack = (await door.call("routing.stack", language="en-US")).value
    assert (stack["scoresRunId"], stack["stt"]["source"]) == (
        published.value["scoresRunId"],
        published.value["sources"][0]["id"],
    )
    assert [stack["stt"]["pick"]["id"], stack["stt"]["pick"]["basis"]] == ["local:sphinx-grammar", "measured"]
    late = await door.call("routing.publish_snapshot", **{**DRAFT, "what": "other"}, basedOn=SEED)
    assert late.code == "CONFLICT"
    again = await door.call("routing.publish_snapshot", **DRAFT)
    assert again.value["scoresRunId"] == published.value["scoresRunId"]
    assert (await door.call("routing.activate_snapshot", scoresRunId="scores_nothing")).code == "NOT_FOUND"
    assert (await door.call("routing.activate_snapshot", scoresRunId=SEED)).value["active"] is True
    back = (await door.call("routing.stack", language="en-US")).value
    assert (back["scoresRunId"], back["stt"]["source"]) == (SEED, None)
    listed = (await door.call("routing.snapshots", limit=10)).value["snapshots"]
    assert {(one["scoresRunId"], one["active"]) for one in listed} == {
        (SEED, True),
        (published.value["scoresRunId"], False),
    }


async def test_a_newer_benchmark_replaces_the_rows_it_measured_and_no_others(door: Door) -> None:
    """RTE-18: a source whose rows are all replaced is gone; imported rows of other models stay."""
    await door.call("routing.publish_snapshot", **DRAFT)
    newer = {**DRAFT, "measuredOn": "2026-11-22", "rows": [row("deepgram:nova-3", 4, 200)]}
    changed = (await door.call("routing.preview_snapshot", **newer)).value["changes"]
    assert [(one["change"], one["before"]["quality"], one["after"]["quality"]) for one in changed] == [
        ("replaced", 5, 4)
    ]
    published = (await door.call("routing.publish_snapshot", **newer)).value
    assert [one["id"][:19] for one in published["sources"][:2]] == ["measured-2026-11-22", "measured-2026-11-21"]
    whole = (await door.call("routing.publish_snapshot", **{**DRAFT, "measuredOn": "2026-11-23"})).value
    assert [one["id"][:19] for one in whole["sources"] if one["provenance"] == "measured"] == ["measured-2026-11-23"]
    seed = seed_snapshot().rows
    replaced = [one for one in seed[Modality.STT] if (one.id, one.language, one.region) == NOVA]
    assert whole["rows"] == sum(map(len, seed.values())) - len(replaced) + 3


async def test_a_published_snapshot_is_read_back_as_what_its_name_says(deps: Deps, rest: httpx.AsyncClient) -> None:
    """RTE-11, RTE-14: another process makes the same content of it, with how each row was measured."""
    published = (await rest.post("/v1/routing/snapshots", json=DRAFT)).json()
    async with deps.database.transaction("org_any", read_only=True) as db:
        found = await Snapshots().get(db, published["scoresRunId"])
    assert found.scores_run_id == published["scoresRunId"]
    how = next(one.measurement for one in found.rows[Modality.STT] if one.measurement)
    assert (how.data_set, how.items, how.failed, how.quality_ci95) == (DRAFT["dataSet"], 300, 2, (19, 21))


async def test_only_who_runs_the_installation_publishes(deps: Deps, tenant: Tenant) -> None:
    """RTE-14: a snapshot ranks for everybody."""
    other = await add_tenant(deps, "Other")
    async with rest_client(deps, other.key) as client:
        refused = await client.post("/v1/routing/snapshots", json=DRAFT)
        back = await client.put("/v1/routing/snapshots/active", json={"scoresRunId": SEED})
        seen = await client.post("/v1/routing/snapshots/preview", json=DRAFT)
    assert [answer.status_code for answer in (refused, back, seen)] == [403, 403, 200]
    assert refused.json()["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rows": []}, "rows"),
        ({"dataSet": "sha256:x"}, "dataSet"),
        ({"region": "mars"}, "region"),
        ({"rows": [{**row("nova", 1, 1)}]}, "rows.0.id"),
        ({"rows": [{**row("a:b", -1, 1)}]}, "rows.0.quality"),
    ],
)
async def test_figures_that_cannot_be_are_refused(
    rest: httpx.AsyncClient, change: dict[str, object], field: str
) -> None:
    """RTE-14"""
    refused = await rest.post("/v1/routing/snapshots/preview", json={**DRAFT, **change})
    assert (refused.status_code, refused.json()["fields"][0]["field"]) == (400, field)
