"""API keys: shown once, stored as a digest, revocable, bound to mode and scopes."""

from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from speko_core.accounts import keys
from speko_core.accounts.models import ApiKey
from speko_core.deps import Deps
from tests.conftest import Tenant, rest_client


async def test_a_new_key_works_and_its_value_is_never_shown_again(deps: Deps, rest: httpx.AsyncClient) -> None:
    """ORG-3"""
    created = (await rest.post("/v1/api-keys", json={"name": "ci", "mode": "test"})).json()
    assert created["key"].startswith("sk_test_")
    async with rest_client(deps, created["key"]) as client:
        me = (await client.get("/v1/whoami")).json()
    assert (me["mode"], me["kind"], me["id"]) == ("test", "api_key", created["id"])
    listing = (await rest.get("/v1/api-keys")).text
    assert created["key"] not in listing
    assert created["displayPrefix"] in listing


async def test_the_database_holds_no_key_in_the_clear(deps: Deps, rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """ORG-3: also not where an answer is kept for replays."""
    headers = {"Idempotency-Key": "make-key-1"}
    created = (await rest.post("/v1/api-keys", json={"name": "ci"}, headers=headers)).json()
    replayed = (await rest.post("/v1/api-keys", json={"name": "ci"}, headers=headers)).json()
    assert replayed["key"] == created["key"]
    if deps.database.is_sqlite:
        stored = b"".join(path.read_bytes() for path in deps.settings.data_dir.glob("speko.sqlite*"))
        assert created["id"].encode() in stored
        assert created["key"].encode() not in stored


async def test_a_revoked_key_stops_working_at_once(deps: Deps, rest: httpx.AsyncClient) -> None:
    """ORG-3"""
    created = (await rest.post("/v1/api-keys", json={"name": "old"})).json()
    async with rest_client(deps, created["key"]) as client:
        assert (await client.get("/v1/whoami")).status_code == 200
        revoked = await rest.delete(f"/v1/api-keys/{created['id']}")
        assert revoked.json()["revokedAt"] is not None
        assert (await client.get("/v1/whoami")).status_code == 401


async def test_an_expired_key_is_refused(deps: Deps, rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """ORG-3"""
    past = (deps.clock.now() - timedelta(hours=1)).isoformat()
    refused = await rest.post("/v1/api-keys", json={"name": "x", "expiresAt": past})
    assert refused.json()["fields"][0]["field"] == "expiresAt"
    created = (await rest.post("/v1/api-keys", json={"name": "x"})).json()
    async with deps.database.transaction(tenant.organization_id) as db:
        row = (await db.execute(select(ApiKey).where(ApiKey.id == created["id"]))).scalar_one()
        row.expires_at = deps.clock.now() - timedelta(seconds=1)
    async with rest_client(deps, created["key"]) as client:
        assert (await client.get("/v1/whoami")).status_code == 401


async def test_use_of_a_key_is_noted(deps: Deps, rest: httpx.AsyncClient) -> None:
    """ORG-3"""
    created = (await rest.post("/v1/api-keys", json={"name": "x"})).json()
    assert created["lastUsedAt"] is None
    async with rest_client(deps, created["key"]) as client:
        await client.get("/v1/whoami")
    listed = {key["id"]: key for key in (await rest.get("/v1/api-keys")).json()["keys"]}
    assert listed[created["id"]]["lastUsedAt"] is not None


async def test_a_test_key_creates_no_live_key(deps: Deps, tenant: Tenant) -> None:
    """ORG-4"""
    async with rest_client(deps, tenant.test_key) as client:
        assert (await client.post("/v1/api-keys", json={"name": "x", "mode": "live"})).status_code == 403


@given(st.sampled_from(["live", "test"]), st.integers(0, 46), st.characters(codec="ascii"))
def test_a_changed_character_is_noticed_without_the_database(mode: str, place: int, character: str) -> None:
    """ORG-3"""
    key = keys.mint("live" if mode == "live" else "test")
    assert keys.well_formed(key)
    changed = key[:place] + character + key[place + 1 :]
    assert keys.well_formed(changed) == (changed == key)


@pytest.mark.parametrize("credential", ["", "sk_live_", "sk_live_" + "a" * 39, "Bearer", "spo_x", "wk_x", "st_x.y"])
async def test_nonsense_credentials_are_401(credential: str, deps: Deps) -> None:
    """ORG-10"""
    async with rest_client(deps, credential or None) as client:
        answer = await client.get("/v1/agents")
    assert answer.status_code == 401
    assert answer.json()["code"] == "UNAUTHORIZED"
