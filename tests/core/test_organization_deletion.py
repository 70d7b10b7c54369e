"""Deleting an organization: what goes, what stays, and who may."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import func, select, update

from speko_core.accounts.models import ApiKey, AuditEntry, Membership, Organization, User
from speko_core.adapters.inline_jobs import InlineJobs
from speko_core.db.base import Base, OrganizationScoped
from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_core.jobs import KINDS
from speko_core.metering.models import Balance, LedgerEntry
from tests.conftest import Tenant, rest_client, with_deps
from tests.core.sessions_kit import running, turn
from tests.twins import MovedClock


async def _bytes() -> AsyncIterator[bytes]:
    yield b"words"


async def _counts(deps: Deps, organization_id: str) -> dict[str, int]:
    scoped = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, OrganizationScoped)]
    async with deps.database.transaction(organization_id, read_only=True) as db:
        counted = {
            one.__tablename__: (await db.execute(select(func.count()).select_from(one))).scalar_one() for one in scoped
        }
    return {name: count for name, count in counted.items() if count}


async def _book(deps: Deps, tenant: Tenant) -> None:
    """A movement of credit."""
    now, money = deps.clock.now(), {"amount_micro_usd": 5, "balance_after_micro_usd": 5}
    owner = {"organization_id": tenant.organization_id}
    async with deps.database.transaction(tenant.organization_id) as db:
        db.add(LedgerEntry(id=new_id("ledger"), kind="grant", created_at=now, **owner, **money))
        db.add(Balance(micro_usd=5, updated_at=now, **owner))


async def _delete(deps: Deps, tenant: Tenant, name: str = "Globex") -> httpx.Response:
    async with rest_client(deps, tenant.key) as client:
        return await client.delete("/v1/organization", params={"name": name})


async def _owned(deps: Deps, tenant: Tenant) -> Tenant:
    """The tenant, whose keys its owner made."""
    async with deps.database.transaction(tenant.organization_id) as db:
        await db.execute(update(ApiKey).values(created_by=tenant.user_id))
    return tenant


@pytest.fixture
async def globex(deps: Deps, tenant: Tenant, other_tenant: Tenant) -> Tenant:
    """The second organization: the first operates the installation."""
    await _owned(deps, tenant)
    return await _owned(deps, other_tenant)


async def test_everything_of_an_organization_goes_but_its_books(deps: Deps, tenant: Tenant, globex: Tenant) -> None:
    """ORG-7: rows, files, members; the ledger stays, and nothing of anybody else is touched."""
    jobs = InlineJobs(KINDS, clock := MovedClock())
    moved = with_deps(deps, jobs=jobs, clock=clock)
    await _book(moved, globex)
    before = await _counts(moved, tenant.organization_id)
    async with rest_client(moved, globex.key) as client:
        async with running(moved, client, globex.agent_id) as session:
            await session.post_turns(turn(0, "their own words"))
            refused = await client.delete("/v1/organization", params={"name": "Globex"})
            assert (refused.status_code, refused.json()["code"]) == (409, "SESSION_RUNNING")
            await client.post(f"/v1/sessions/{session.id}/end")
            await session.finish()
        tool = {"name": "t", "description": "T.", "parameters": {"type": "object"}, "source": {"kind": "inline"}}
        await client.post(f"/v1/agents/{globex.agent_id}/tools", json=tool)
        await client.put("/v1/providers", json={"provider": "deepgram", "apiKey": "dg-theirs"})
    for folder in ("knowledge", "recordings", "exports"):
        await moved.blobs.put(f"{folder}/{globex.organization_id}/x", _bytes(), limit_bytes=9)
        await moved.blobs.put(f"{folder}/{tenant.organization_id}/x", _bytes(), limit_bytes=9)
    assert (await _delete(moved, globex)).json() == {"deleted": True}
    clock.advance(1)
    await jobs.run_due(moved)
    assert await _counts(moved, globex.organization_id) == {"ledger_entries": 1, "balances": 1, "audit_log": 1}
    assert await _counts(moved, tenant.organization_id) == before
    for folder in ("knowledge", "recordings", "exports"):
        assert await moved.blobs.size(f"{folder}/{globex.organization_id}/x") is None
        assert await moved.blobs.size(f"{folder}/{tenant.organization_id}/x") == 5
    async with rest_client(moved, globex.key) as client:
        assert (await client.get("/v1/organization")).status_code == 401
    async with moved.database.transaction(globex.organization_id, read_only=True) as db:
        assert (await db.get_one(Organization, globex.organization_id)).name == "Deleted organization"
        assert await db.get(User, globex.user_id) is None
        assert (await db.execute(select(AuditEntry.operation))).scalars().all() == ["organization.delete"]
        assert (await db.execute(select(LedgerEntry.kind))).scalars().all() == ["grant"]


async def test_somebody_who_belongs_elsewhere_too_keeps_their_account(
    deps: Deps, tenant: Tenant, globex: Tenant
) -> None:
    """ORG-7"""
    row = Membership(
        id=new_id("member"), organization_id=tenant.organization_id, user_id=globex.user_id, role="viewer",
        created_at=deps.clock.now(),
    )  # fmt: skip
    async with deps.database.transaction(tenant.organization_id) as db:
        db.add(row)
    assert (await _delete(deps, globex)).status_code == 200
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        assert await db.get(User, globex.user_id) is not None


async def test_only_an_owner_who_names_it_deletes_an_organization(deps: Deps, tenant: Tenant, globex: Tenant) -> None:
    """ORG-7: and the one that operates the installation goes with the installation."""
    wrong = await _delete(deps, globex, "Acme")
    assert (wrong.status_code, "name" in wrong.json()["error"]) == (400, True)
    operating = await _delete(deps, tenant, "Acme")
    assert (operating.status_code, operating.json()["code"]) == (409, "OPERATING_ORGANIZATION")
    async with deps.database.transaction(globex.organization_id) as db:
        membership = (await db.execute(select(Membership))).scalar_one()
        membership.role = "admin"
    refused = await _delete(deps, globex)
    assert (refused.status_code, refused.json()["error"]) == (403, "Only an owner can delete the organization.")
    assert "agents" in await _counts(deps, globex.organization_id)
