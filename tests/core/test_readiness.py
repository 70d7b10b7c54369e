"""`/readyz`: ready means that the database answers and every expected role was heard of lately."""

from datetime import timedelta

import pytest

from speko_core import leases
from speko_core.deps import Deps
from speko_core.readiness import LEASE_FRESH, check_readiness
from speko_core.settings import Role
from tests.conftest import with_deps


async def lease(deps: Deps, role: Role, *, age: timedelta = timedelta(0), ready: bool = True) -> None:
    async with deps.database.transaction(None, all_organizations=True) as db:
        await leases.renew(db, leases.Lease(f"{role}-1", role, ready=ready), deps.clock.now() - age)


@pytest.fixture
def expecting(deps: Deps) -> Deps:
    """The web role under a supervisor."""
    return with_deps(deps, settings=deps.settings.model_copy(update={"expect_roles": "jobs,worker"}))


async def test_alone_web_waits_for_nobody(deps: Deps) -> None:
    """OPS-3: a role on a machine of its own is judged by itself."""
    assert (await check_readiness(deps)).as_json() == {"status": "ready", "checks": {"database": True}}


async def test_all_expected_roles_with_fresh_leases_are_ready(expecting: Deps) -> None:
    """OPS-3: 200 when all roles are ready."""
    await lease(expecting, "jobs")
    await lease(expecting, "worker")
    assert (await check_readiness(expecting)).ready


async def test_a_missing_an_old_and_an_unready_role_are_named(expecting: Deps) -> None:
    """OPS-3: what is missing is visible."""
    assert (await check_readiness(expecting)).parts == {"database": True, "jobs": False, "worker": False}
    await lease(expecting, "jobs", age=LEASE_FRESH + timedelta(seconds=1))
    await lease(expecting, "worker", ready=False)
    assert (await check_readiness(expecting)).parts == {"database": True, "jobs": False, "worker": False}
