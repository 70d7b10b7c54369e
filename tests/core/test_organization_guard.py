"""Organization scoping cannot be forgotten: whatever the statement, only the session's organization answers."""

from collections.abc import Callable

import pytest
from sqlalchemy import Executable, delete, exists, func, insert, select, text, union, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from speko_core.accounts.models import User
from speko_core.agents.models import Agent
from speko_core.db.guard import OrganizationGuardError
from speko_core.deps import Deps
from tests.conftest import Tenant

Row = dict[str, object]
other_agent = aliased(Agent)
bare = Agent.__table__

READS: dict[str, Executable] = {
    "entity": select(Agent.id),
    "count over a column": select(Agent.id).where(Agent.id.in_(select(Agent.id))),
    "exists": select(Agent.id).where(exists().where(Agent.organization_id != "")),
    "common table expression": select(select(Agent.id).cte()),
    "subquery": select(select(Agent.id).subquery()),
    "union": union(select(Agent.id), select(Agent.id).where(Agent.name != "")),
    "self join": select(Agent.id).join(other_agent, other_agent.name == Agent.name),
    "bare table beside a mapped column": select(Agent.id).select_from(bare),
}
REFUSED: dict[str, Executable] = {
    "text": text("SELECT id FROM agents"),
    "bare table": select(bare),
    "bare column": select(bare.c.id),
    "alias of a bare table": select(bare.alias()),
    "join to a bare alias": select(Agent.id).join((a := bare.alias()), a.c.name == Agent.name),
}


@pytest.mark.parametrize("name", READS)
async def test_every_form_of_read_sees_only_its_organization(
    name: str, deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-1"""
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        found = {row[0] for row in await db.execute(READS[name])}
    assert found == {tenant.agent_id}


async def test_counts_and_primary_key_lookups_are_scoped(deps: Deps, tenant: Tenant, other_tenant: Tenant) -> None:
    """ORG-1"""
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        assert (await db.execute(select(func.count()).select_from(Agent))).scalar_one() == 1
        assert await db.get(Agent, other_tenant.agent_id) is None
        assert await db.get(Agent, tenant.agent_id) is not None


@pytest.mark.parametrize("name", REFUSED)
async def test_a_statement_the_guard_cannot_see_through_is_refused(name: str, deps: Deps, tenant: Tenant) -> None:
    """ORG-1"""
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        with pytest.raises(OrganizationGuardError):
            await db.execute(REFUSED[name])


async def test_a_query_without_an_organization_is_refused(deps: Deps) -> None:
    """ORG-1"""
    async with deps.database.transaction(None, read_only=True) as db:
        with pytest.raises(OrganizationGuardError):
            await db.execute(select(Agent))
        await db.execute(select(User))  # users belong to no organization


async def test_updates_and_deletes_leave_other_organizations_alone(
    deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-1"""
    async with deps.database.transaction(tenant.organization_id) as db:
        await db.execute(update(Agent).values(version=7))
        await db.execute(delete(Agent).where(Agent.id == other_tenant.agent_id))
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        versions = {row.id: row.version for row in (await db.execute(select(Agent))).scalars()}
    assert versions == {tenant.agent_id: 7, other_tenant.agent_id: 1}


def _row(organization_id: str, now: object) -> Row:
    return {
        "id": "agent_x", "organization_id": organization_id, "name": "x", "config": {}, "version": 1,
        "created_at": now, "updated_at": now,
    }  # fmt: skip


INSERTS: dict[str, Callable[[Row], Executable]] = {
    "values": lambda row: insert(Agent).values(**row),
    "several values": lambda row: insert(Agent).values([row]),
}


@pytest.mark.parametrize("form", INSERTS)
async def test_an_insert_into_another_organization_is_refused(
    form: str, deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-1"""
    statement = INSERTS[form](_row(other_tenant.organization_id, deps.clock.now()))
    async with deps.database.transaction(tenant.organization_id) as db:
        with pytest.raises(OrganizationGuardError):
            await db.execute(statement)


async def test_a_new_object_of_another_organization_is_refused_at_flush(
    deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-1"""
    with pytest.raises(OrganizationGuardError):
        async with deps.database.transaction(tenant.organization_id) as db:
            db.add(Agent(**_row(other_tenant.organization_id, deps.clock.now())))


@pytest.mark.postgres
async def test_row_level_security_holds_where_the_guard_is_bypassed(
    deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-1: the second wall on PostgreSQL, for an ordinary role."""
    if deps.database.is_sqlite:
        pytest.skip("row-level security is a feature of PostgreSQL")
    count = text("SELECT count(*) FROM agents")
    async with deps.database.engine.connect() as connection:
        superuser = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if (await connection.execute(superuser)).scalar_one():
            pytest.skip("the test role is a superuser, which row-level security does not bind")
        assert (await connection.execute(count)).scalar_one() == 0
        setting = text("SELECT set_config('speko.organization_id', :id, true)")
        await connection.execute(setting, {"id": tenant.organization_id})
        assert (await connection.execute(count)).scalar_one() == 1
        foreign = insert(bare).values(_row(other_tenant.organization_id, deps.clock.now()))
        with pytest.raises(DBAPIError):
            await connection.execute(foreign)
        await connection.rollback()
