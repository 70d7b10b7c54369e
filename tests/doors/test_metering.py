"""Usage and credit over REST: the wire the official clients parse, and the refusals."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from speko_core.deps import Deps, build_deps
from speko_core.providers.adapters import ProviderRegistry
from tests.conftest import Tenant, rest_client
from tests.core.metering_kit import PRICE, assert_exact, managed
from tests.fakes.scripted_providers import HELLO, Cast, cast

BODY = {"messages": [{"role": "user", "content": "Hi"}], "intent": {"language": "en"}, "maxTokens": 100}
JSON = {"Accept": "application/json"}


def priced(scripted: Cast) -> ProviderRegistry:
    """Vendors that need a key and cost 2 micro-USD a token written."""
    catalog = {
        name: facts.model_copy(
            update={"models": tuple(model.model_copy(update={"prices": (PRICE,)}) for model in facts.models)}
        )
        for name, facts in scripted.registry.catalog.items()
    }
    return ProviderRegistry(scripted.registry.by_vendor, catalog)


@pytest.fixture
async def prepaid(deps: Deps) -> AsyncIterator[Deps]:
    """An installation that sells credit, with the platform's key for one vendor."""
    settings = deps.settings.model_copy(update={"billing": "prepaid", "provider_keys": {"acme": SecretStr("platform")}})
    built = build_deps(settings)
    yield replace(built, providers=priced(cast(acme=HELLO, needs_key=True)))
    await built.aclose()


def client_of(deps: Deps, tenant: Tenant) -> httpx.AsyncClient:
    return rest_client(deps, tenant.key)


async def test_a_fresh_organization_has_nothing_and_says_when(rest: httpx.AsyncClient) -> None:
    """MTR-2, wire 14.31"""
    answer = (await rest.get("/v1/credits/balance")).json()
    assert (answer["balanceUsd"], answer["currency"]) == (0.0, "USD")
    assert datetime.fromisoformat(answer["updatedAt"]) < datetime.now(UTC)
    assert (await rest.get("/v1/credits/ledger")).json() == {"entries": [], "nextCursor": None}


async def test_usage_has_the_shape_the_clients_parse(rest: httpx.AsyncClient, deps: Deps, tenant: Tenant) -> None:
    """MTR-2"""
    await deps.journal.record(managed(tenant.organization_id, 1_000_000))
    await deps.journal.record(managed(tenant.organization_id, 10, source="BYOK"))
    answer = (await rest.get("/v1/usage")).json()
    rows = {row["keySource"]: row for row in answer.pop("breakdown")}
    assert answer == {
        "totalSessions": 0,
        "totalMinutes": 0.0,
        "totalCost": 2.0,
        "balanceUsd": -2.0,
        "currency": "USD",
    }
    assert rows["MANAGED"] == {
        "provider": "acme",
        "type": "llm",
        "metric": "tokens",
        "keySource": "MANAGED",
        "quantity": 1_000_000.0,
        "cost": 2.0,
        "chargeKind": None,
    }
    assert (rows["BYOK"]["cost"], rows["BYOK"]["chargeKind"]) == (0.0, "byok")


async def test_a_period_holds_its_own_usage_only(rest: httpx.AsyncClient, deps: Deps, tenant: Tenant) -> None:
    """MTR-2: dates and times, both ends optional."""
    await deps.journal.record(managed(tenant.organization_id))
    now = datetime.now(UTC)
    hour_ago, today = (now - timedelta(hours=1)).isoformat(), now.date().isoformat()

    async def cost(**params: str) -> float:
        return float((await rest.get("/v1/usage", params=params)).json()["totalCost"])

    assert await cost(**{"from": hour_ago}) == 0.0001
    assert await cost(**{"from": today, "to": today}) == 0.0001
    assert await cost(**{"from": "2020-01-01", "to": "2020-02-01"}) == 0.0
    refused = await rest.get("/v1/usage", params={"from": "yesterday"})
    assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_ERROR")


async def test_the_ledger_pages_newest_first_by_cursor_and_by_timestamp(
    rest: httpx.AsyncClient, deps: Deps, tenant: Tenant
) -> None:
    """MTR-2: older official clients send the last entry's createdAt as the cursor."""
    for tokens in (1, 2, 3, 4, 5):
        await deps.journal.record(managed(tenant.organization_id, tokens))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await rest.get("/v1/credits/ledger", params=params)).json()
        seen += [entry["amountMicroUsd"] for entry in page["entries"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == ["-10", "-8", "-6", "-4", "-2"]
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    by_time = (await rest.get("/v1/credits/ledger", params={"cursor": soon})).json()["entries"]
    assert len(by_time) == 5
    assert {"id", "kind", "amountMicroUsd", "metric", "provider", "sessionId", "createdAt"} <= set(by_time[0])
    assert (by_time[0]["kind"], by_time[0]["metric"], by_time[0]["provider"]) == ("debit", "tokens", "acme")


async def test_a_call_is_in_the_books_when_its_answer_ends(prepaid: Deps, tenant: Tenant) -> None:
    """MTR-3: durable before `done`."""
    async with client_of(prepaid, tenant) as client:
        await client.post("/v1/credits/grants", json={"amountMicroUsd": 10_000})
        answer = await client.post("/v1/complete", json=BODY, headers=JSON)
        assert answer.json()["usage"] == {"promptTokens": 14, "completionTokens": 4}
        balance = (await client.get("/v1/credits/balance")).json()["balanceUsd"]
    assert balance == (10_000 - 8) / 1_000_000
    assert await assert_exact(prepaid, tenant.organization_id, given=10_000) == 1


async def test_without_credit_a_managed_call_is_refused_before_any_provider(deps: Deps, tenant: Tenant) -> None:
    """MTR-4"""
    scripted = cast(acme=HELLO, needs_key=True)
    settings = deps.settings.model_copy(update={"billing": "prepaid", "provider_keys": {"acme": SecretStr("platform")}})
    built = replace(build_deps(settings), providers=priced(scripted))
    async with client_of(built, tenant) as client:
        refused = await client.post("/v1/complete", json=BODY)
        assert (refused.status_code, refused.json()["code"]) == (402, "INSUFFICIENT_CREDITS")
        await client.post("/v1/credits/grants", json={"amountMicroUsd": 250})
        assert (await client.post("/v1/complete", json=BODY)).status_code == 200
    await built.aclose()
    assert len(scripted.scripts["acme"].requests) == 1


async def test_running_calls_hold_the_credit_they_may_need(prepaid: Deps, tenant: Tenant) -> None:
    """MTR-4: a balance is not spent twice by calls that run at the same time."""
    async with client_of(prepaid, tenant) as client:
        await client.post("/v1/credits/grants", json={"amountMicroUsd": 250})
        await client.get("/v1/benchmarks/stack", params={"language": "en"})
        reservation = prepaid.credit.reserve(tenant.organization_id, 100, prepaid.clock.now())
        refused = await client.post("/v1/complete", json=BODY)
        assert refused.status_code == 402
        reservation.release()
        assert (await client.post("/v1/complete", json=BODY)).status_code == 200


async def test_the_default_installation_meters_without_blocking(deps: Deps, tenant: Tenant) -> None:
    """MTR-4: who runs it for themselves owes nobody."""
    settings = deps.settings.model_copy(update={"provider_keys": {"acme": SecretStr("platform")}})
    built = replace(build_deps(settings), providers=priced(cast(acme=HELLO, needs_key=True)))
    async with client_of(built, tenant) as client:
        assert (await client.post("/v1/complete", json=BODY)).status_code == 200
        assert (await client.get("/v1/credits/balance")).json()["balanceUsd"] == -0.000008
    await built.aclose()


async def test_a_monthly_limit_refuses_what_would_pass_it(deps: Deps, tenant: Tenant) -> None:
    """MTR-4"""
    settings = deps.settings.model_copy(update={"provider_keys": {"acme": SecretStr("platform")}})
    built = replace(build_deps(settings), providers=priced(cast(acme=HELLO, needs_key=True)))
    async with client_of(built, tenant) as client:
        assert (await client.put("/v1/credits/limit", json={"monthlyLimitMicroUsd": 205})).status_code == 200
        assert (await client.post("/v1/complete", json=BODY)).status_code == 200
        refused = await client.post("/v1/complete", json=BODY)
        assert (refused.status_code, refused.json()["code"]) == (402, "SPEND_LIMIT_REACHED")
        limit = (await client.get("/v1/credits/limit")).json()
        assert (limit["monthlyLimitMicroUsd"], limit["spentMicroUsd"]) == ("205", "8")
        await client.put("/v1/credits/limit", json={"monthlyLimitMicroUsd": None})
        assert (await client.post("/v1/complete", json=BODY)).status_code == 200
    await built.aclose()


async def test_a_test_key_is_never_billed(prepaid: Deps, tenant: Tenant) -> None:
    """ORG-4"""
    async with rest_client(prepaid, tenant.test_key) as client:
        assert (await client.post("/v1/complete", json=BODY)).status_code == 500  # no offline provider in this cast
    assert await assert_exact(prepaid, tenant.organization_id) == 0


async def test_a_session_of_the_organization_gets_the_usage(
    rest: httpx.AsyncClient, other_rest: httpx.AsyncClient, deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """MTR-1, wire 14.18: another organization's session gets nothing."""
    mine = (await rest.post("/v1/sessions", json={"agentId": tenant.agent_id})).json()["sessionId"]
    theirs = (await other_rest.post("/v1/sessions", json={"agentId": other_tenant.agent_id})).json()["sessionId"]
    for session_id in (mine, theirs):
        await deps.journal.record(managed(tenant.organization_id, session_id=session_id))
    entries = (await rest.get("/v1/credits/ledger")).json()["entries"]
    assert [entry["sessionId"] for entry in entries] == [None, mine]
    assert (await rest.get("/v1/usage")).json()["totalSessions"] == 1


async def test_only_the_operator_moves_credit(
    rest: httpx.AsyncClient, other_rest: httpx.AsyncClient, deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """MTR-3"""
    grant = {
        "amountMicroUsd": 5_000_000,
        "kind": "topup",
        "note": "Invoice 7",
        "organizationId": other_tenant.organization_id,
    }
    made = await rest.post("/v1/credits/grants", json=grant)
    assert (made.status_code, made.json()["balanceAfterMicroUsd"]) == (201, "5000000")
    assert (await other_rest.get("/v1/credits/balance")).json()["balanceUsd"] == 5.0
    refused = await other_rest.post("/v1/credits/grants", json={"amountMicroUsd": 1})
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    async with rest_client(deps, tenant.test_key) as client:
        assert (await client.post("/v1/credits/grants", json={"amountMicroUsd": 1})).status_code == 403


async def test_a_grant_with_an_idempotency_key_is_made_once(rest: httpx.AsyncClient) -> None:
    """ORG-11"""
    for _ in range(2):
        await rest.post("/v1/credits/grants", json={"amountMicroUsd": 7}, headers={"Idempotency-Key": "once"})
    assert len((await rest.get("/v1/credits/ledger")).json()["entries"]) == 1


async def test_an_adjustment_takes_no_more_than_there_is(rest: httpx.AsyncClient, deps: Deps, tenant: Tenant) -> None:
    """MTR-3"""
    await rest.post("/v1/credits/grants", json={"amountMicroUsd": 100})
    adjustment = {"kind": "adjustment", "amountMicroUsd": -101}
    refused = await rest.post("/v1/credits/grants", json=adjustment)
    assert (refused.status_code, refused.json()["code"]) == (409, "INSUFFICIENT_BALANCE")
    assert (await rest.post("/v1/credits/grants", json=adjustment | {"amountMicroUsd": -60})).status_code == 201
    for wrong in ({"amountMicroUsd": -5}, {"amountMicroUsd": 0}, {"amountMicroUsd": 10**13}, {}):
        assert (await rest.post("/v1/credits/grants", json=wrong)).status_code == 400
    await assert_exact(deps, tenant.organization_id, given=40)
