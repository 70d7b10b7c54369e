"""What leaves the database besides rows."""

import pytest
from sqlalchemy.exc import IntegrityError

from speko_core.agents.models import Agent
from speko_core.deps import Deps
from tests.conftest import Tenant


async def test_an_error_of_the_database_holds_nothing_that_was_written(deps: Deps, tenant: Tenant) -> None:
    """OPS-3: errors are logged, and what people said must not be."""
    now = deps.clock.now()
    twice = Agent(
        id=tenant.agent_id, organization_id=tenant.organization_id, name="my card is 4242", config={}, version=1,
        created_at=now, updated_at=now,
    )  # fmt: skip
    with pytest.raises(IntegrityError) as raised:
        async with deps.database.transaction(tenant.organization_id) as db:
            db.add(twice)
    assert "4242" not in str(raised.value)
