"""Looking before calling: the stack preview, the known providers, the voices."""

import pytest

from speko_core.deps import Deps
from tests.fakes.scripted_providers import HELLO, cast, merged
from tests.gateway.oneshot_door import bare_deps, door

__all__ = ["bare_deps"]

STACK = "/v1/benchmarks/stack"
LATENCY = {"quality": 0.2, "latency": 0.7, "cost": 0.1}


async def test_the_preview_is_the_ranking_the_router_uses(bare_deps: Deps) -> None:
    """RTE-6: the same pick, the same snapshot, and a reason for everyone else."""
    scripted = merged(cast(acme=HELLO, beta=HELLO), cast(needs_key=True, keyed=HELLO))
    async with door(bare_deps, scripted) as client:
        stack = (await client.get(STACK, params={"language": "en", "optimize_for": "latency"})).json()
        ask = {"messages": [{"role": "user", "content": "Hi"}], "intent": {"language": "en", "optimizeFor": "latency"}}
        answer = await client.post("/v1/complete", json=ask)
    assert stack["llm"] == {
        "pick": {
            "id": "acme:m-acme",
            "provider": "acme",
            "model": "m-acme",
            "score": None,
            "axes": None,
            "basis": "unmeasured",
            "reason": "no measured quality for this intent",
        },
        "runnersUp": [
            {
                "id": "beta:m-beta",
                "provider": "beta",
                "model": "m-beta",
                "score": None,
                "axes": None,
                "basis": "unmeasured",
                "reason": "no measured quality for this intent",
            }
        ],
        "filtered_out": [{"id": "keyed:m-keyed", "code": "no_key", "reason": "no provider key is configured"}],
        "source": None,
        "weights": LATENCY,
    }
    assert (stack["language"], stack["region"], stack["optimizeFor"]) == ("en", "global", "latency")
    assert stack["s2s"] == {"pick": None, "runnersUp": [], "filtered_out": [], "source": None, "weights": LATENCY}
    assert answer.headers["x-speko-provider"] == stack["llm"]["pick"]["provider"]
    assert answer.headers["x-speko-scores-run-id"] == stack["scoresRunId"]
    assert len(scripted.scripts["acme"].requests) == 1


async def test_a_test_key_previews_what_a_test_key_gets(bare_deps: Deps) -> None:
    """ORG-4"""
    scripted = merged(cast(acme=HELLO), cast(sandbox=True, local=HELLO))
    async with door(bare_deps, scripted, mode="test") as client:
        stack = (await client.get(STACK, params={"language": "en"})).json()
    assert stack["tts"]["pick"]["id"] == "local:m-local"
    assert stack["tts"]["filtered_out"][0]["code"] == "test_mode"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "language"),
        ({"language": "en", "region": "mars"}, "region"),
        ({"language": "english"}, "language"),
        ({"language": "en", "optimize_for": "x"}, "optimize_for"),
    ],
)
async def test_a_wrong_query_is_400_and_named(bare_deps: Deps, query: dict[str, str], field: str) -> None:
    """RTE-18"""
    async with door(bare_deps, cast(acme=HELLO)) as client:
        answer = await client.get(STACK, params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert [problem["field"] for problem in answer.json()["fields"]] == [field]
    if field == "region":
        assert "asia-southeast1" in answer.json()["error"]


async def test_known_providers_are_what_an_allow_list_takes(bare_deps: Deps) -> None:
    """RTE-7: no listed id is unknown to the allow-list; RTE-5: what nobody measured, or nobody serves, is an error."""
    async with door(bare_deps, cast(acme=HELLO)) as client:
        known = (await client.get("/v1/providers/known")).json()
        shared = {"vendor": "acme", "vendorName": "Acme", "benchmarked": False, "available": True, "deprecatedOn": None}
        assert [row for row in known["llm"] if row["vendor"] == "acme"] == [
            {**shared, "id": "acme", "model": None},
            {**shared, "id": "acme:m-acme", "model": "m-acme"},
        ]
        nova = next(row for row in known["stt"] if row["id"] == "deepgram:nova-3")
        assert (nova["benchmarked"], nova["available"]) == (True, False)
        ask = {"messages": [{"role": "user", "content": "Hi"}], "intent": {"language": "en"}}
        for row in known["llm"]:
            answer = await client.post(
                "/v1/complete", json={**ask, "constraints": {"allowedProviders": {"llm": [row["id"]]}}}
            )
            assert answer.json()["code"] == "COMPLETE_FAILED", row["id"]


async def test_a_pinned_provider_that_cannot_be_called_is_named(bare_deps: Deps) -> None:
    """RTE-5: the call errors rather than picking an alternative."""
    scripted = merged(cast(acme=HELLO), cast(needs_key=True, keyed=HELLO))
    ask = {"messages": [{"role": "user", "content": "Hi"}], "intent": {"language": "en"}}
    async with door(bare_deps, scripted) as client:
        keyless = await client.post(
            "/v1/complete", json={**ask, "constraints": {"allowedProviders": {"llm": ["keyed"]}}}
        )
        silent = await client.post("/v1/complete", json={**ask, "intent": {"language": "fr"}})
    assert (keyless.status_code, keyless.json()["code"]) == (500, "COMPLETE_FAILED")
    assert keyless.json()["error"].startswith("No LLM provider is available for en (keyed:m-keyed: no provider key")
    assert (silent.status_code, silent.json()["code"]) == (500, "COMPLETE_FAILED")
    assert "acme:m-acme: does not serve fr" in silent.json()["error"]
    assert scripted.scripts["acme"].requests == []


async def test_voices_come_by_vendor_and_account_scoped_ones_are_flagged(bare_deps: Deps) -> None:
    """RTE-15"""
    scripted = merged(
        cast(voices=("eve", "leo"), acme=HELLO), cast(options=("any_voice",), eleven=HELLO), cast(plain=HELLO)
    )
    async with door(bare_deps, scripted) as client:
        everything = (await client.get("/v1/voices")).json()
        filtered = (await client.get("/v1/voices", params={"provider": "acme-tts"})).json()
        nobody = (await client.get("/v1/voices", params={"provider": "nobody"})).json()
    acme = {"key": "acme", "name": "Acme", "models": ["m-acme"], "voicesFetchedLive": False}
    assert everything["voices"] == [
        {"vendor": "acme", "id": "eve", "name": "eve"},
        {"vendor": "acme", "id": "leo", "name": "leo"},
    ]
    assert [(entry["key"], entry["voicesFetchedLive"]) for entry in everything["providers"]] == [
        ("acme", False),
        ("eleven", True),
        ("plain", False),
    ]
    assert filtered == {"voices": everything["voices"], "providers": [acme]}
    assert nobody == {"voices": [], "providers": []}
