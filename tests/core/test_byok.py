"""Provider keys of an organization: used for its own calls, and seen by nobody again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from speko_core.byok.models import ProviderKey
from speko_core.byok.sealing import open_key
from speko_core.deps import Deps
from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import Credential, FailureKind, LlmEvent, LlmRequest, Provider, ProviderError
from speko_core.standing import FRESH_S, Standings
from tests.conftest import Tenant, rest_client, with_deps
from tests.fakes.scripted_providers import HELLO, cast, merged
from tests.twins import MovedClock

SECRET = "dg-0123456789-very-secret"
BODY = {"messages": [{"role": "user", "content": "Hi"}], "intent": {"language": "en"}}
JSON = {"Accept": "application/json"}


@dataclass
class Recorder:
    """A vendor that answers, and remembers with which credential it was called; keys in `refused` do not work."""

    seen: list[Credential | None]
    refused: Sequence[str] = ()

    async def complete(self, request: LlmRequest, credential: Credential | None) -> AsyncIterator[LlmEvent]:
        self.seen.append(credential)
        if credential is not None and credential.secret in self.refused:
            raise ProviderError(FailureKind.AUTH, "no such key", status=401)
        for event in HELLO:
            yield event


def process(deps: Deps, *platform_keys: str, refused: Sequence[str] = ()) -> tuple[Deps, dict[str, Recorder]]:
    """Two vendors that need a key; the platform has keys for those named."""
    registry = merged(cast(first=(), needs_key=True), cast(second=(), needs_key=True)).registry
    recorders = {vendor: Recorder([], refused) for vendor in registry.by_vendor}
    providers = {vendor: Provider(vendor, llm=recorder) for vendor, recorder in recorders.items()}
    settings = deps.settings.model_copy(
        update={"provider_keys": {vendor: SecretStr(f"platform-{vendor}") for vendor in platform_keys}}
    )
    built = with_deps(deps, settings=settings, providers=ProviderRegistry(providers, registry.catalog))
    return built, recorders


async def key_of(client: httpx.AsyncClient, vendor: str) -> dict[str, object]:
    rows = (await client.get("/v1/providers")).json()["providers"]
    return next(row for row in rows if row["provider"] == vendor)


async def test_a_stored_key_is_shown_as_configured_and_never_again(
    rest: httpx.AsyncClient, deps: Deps, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    """RTE-7, ORG-8"""
    caplog.set_level(logging.DEBUG)
    stored = await rest.put("/v1/providers", json={"provider": "deepgram", "apiKey": SECRET})
    listed = await rest.get("/v1/providers")
    log = await rest.get("/v1/audit-log")
    assert (stored.json()["configured"], stored.json()["source"]) == (True, "BYOK")
    assert await key_of(rest, "deepgram") == stored.json()
    assert (await key_of(rest, "assemblyai"))["source"] is None
    assert SECRET not in stored.text + listed.text + log.text + caplog.text
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        row = (await db.execute(select(ProviderKey))).scalar_one()
    assert SECRET.encode() not in row.sealed
    assert open_key(deps.secrets, row) == SECRET


async def test_a_key_moved_to_another_row_or_organization_does_not_open(
    rest: httpx.AsyncClient, deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-8"""
    await rest.put("/v1/providers", json={"provider": "deepgram", "apiKey": SECRET})
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        row = (await db.execute(select(ProviderKey))).scalar_one()
    theirs = ProviderKey(
        id=row.id, organization_id=other_tenant.organization_id, provider="deepgram", sealed=row.sealed
    )
    moved = ProviderKey(id="pkey_2", organization_id=tenant.organization_id, provider="deepgram", sealed=row.sealed)
    assert open_key(deps.secrets, theirs) is None
    assert open_key(deps.secrets, moved) is None


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "nobody", "apiKey": SECRET},
        {"provider": "local", "apiKey": SECRET},
        {"provider": "deepgram", "apiKey": ""},
        {"provider": "deepgram", "apiKey": "two\nlines"},
        {"provider": "deepgram"},
    ],
)
async def test_what_cannot_be_a_key_is_refused_without_repeating_it(
    rest: httpx.AsyncClient, body: dict[str, str]
) -> None:
    """ORG-10"""
    refused = await rest.put("/v1/providers", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_ERROR")
    assert SECRET not in refused.text
    assert "lines" not in refused.text


async def test_the_own_key_comes_first_then_the_platforms_then_the_candidate_is_skipped(
    deps: Deps, tenant: Tenant
) -> None:
    """RTE-8: and usage says whose key it was."""
    built, vendors = process(deps, "first")
    async with rest_client(built, tenant.key) as client:
        assert (await client.post("/v1/complete", json=BODY, headers=JSON)).json()["provider"] == "first"
        await client.put("/v1/providers", json={"provider": "first", "apiKey": "own"})
        await client.post("/v1/complete", json=BODY, headers=JSON)
        assert (await client.delete("/v1/providers/first")).json() == {"deleted": True}
        await client.post("/v1/complete", json=BODY, headers=JSON)
        usage = (await client.get("/v1/usage")).json()["breakdown"]
        reasons = (await client.get("/v1/benchmarks/stack", params={"language": "en"})).json()["llm"]["filtered_out"]
    assert vendors["first"].seen == [
        Credential("platform-first", "MANAGED"),
        Credential("own", "BYOK"),
        Credential("platform-first", "MANAGED"),
    ]
    assert vendors["second"].seen == []
    assert {row["id"]: row["code"] for row in reasons}["second:m-second"] == "no_key"
    assert {(row["keySource"], row["quantity"]) for row in usage} == {("MANAGED", 36.0), ("BYOK", 18.0)}


async def test_another_organization_never_uses_it(deps: Deps, tenant: Tenant, other_tenant: Tenant) -> None:
    """ORG-1"""
    built, vendors = process(deps, "first")
    async with rest_client(built, tenant.key) as mine, rest_client(built, other_tenant.key) as theirs:
        await mine.put("/v1/providers", json={"provider": "first", "apiKey": "own"})
        await asyncio.gather(*(one.post("/v1/complete", json=BODY) for one in (mine, theirs, mine, theirs)))
        assert (await key_of(theirs, "first"))["source"] is None
    assert sorted(found.secret for found in vendors["first"].seen if found) == ["own", "own"] + ["platform-first"] * 2


async def test_a_refused_own_key_moves_on_to_the_next_candidate(deps: Deps, tenant: Tenant) -> None:
    """RTE-9: without trying the same candidate again with another key."""
    built, vendors = process(deps, "first", "second", refused=("own",))
    async with rest_client(built, tenant.key) as client:
        await client.put("/v1/providers", json={"provider": "first", "apiKey": "own"})
        answer = await client.post("/v1/complete", json=BODY, headers=JSON)
    assert (answer.json()["provider"], answer.json()["failoverCount"]) == ("second", 1)
    assert [found.source for found in vendors["first"].seen if found] == ["BYOK"]
    assert [found.source for found in vendors["second"].seen if found] == ["MANAGED"]


async def test_a_test_key_reaches_no_provider_key(deps: Deps, tenant: Tenant) -> None:
    """ORG-4"""
    built, vendors = process(deps, "first")
    async with rest_client(built, tenant.key) as live, rest_client(built, tenant.test_key) as test:
        await live.put("/v1/providers", json={"provider": "first", "apiKey": "own"})
        assert (await test.post("/v1/complete", json=BODY)).status_code == 500
    assert vendors["first"].seen == []


async def test_another_process_notices_a_changed_key_within_seconds(deps: Deps, tenant: Tenant) -> None:
    """RTE-8: the cache is short, and forgotten at once where the change was made."""
    clock = MovedClock()
    here, _ = process(deps, "first")
    there = replace(here, clock=clock, standings=Standings(clock))
    async with rest_client(here, tenant.key) as one, rest_client(there, tenant.key) as two:
        stack = {"language": "en"}
        await two.get("/v1/benchmarks/stack", params=stack)
        await one.put("/v1/providers", json={"provider": "second", "apiKey": "own"})
        for client, passed, waits in ((one, 0.0, False), (two, 0.0, True), (two, FRESH_S, False)):
            clock.advance(passed)
            runners = (await client.get("/v1/benchmarks/stack", params=stack)).json()["llm"]["runnersUp"]
            assert (runners == []) is waits
