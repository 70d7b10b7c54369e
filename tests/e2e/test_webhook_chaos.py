"""Deliveries survive endpoints that fail and a jobs process that is killed. `benchmarks/webhook_chaos.py` does more."""

import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant
from tests.e2e.webhook_storm import Storm, weather

pytestmark = pytest.mark.e2e


@pytest.mark.timeout(90)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_everything_arrives_in_order_although_the_jobs_process_is_killed(deps: Deps, tenant: Tenant) -> None:
    """TEL-4: 60 deliveries, 30 % of the requests refused, two kills: at least once, in order per call, same id."""
    storm = Storm(endpoints=2, calls=10, events=3, kills=2)
    figures = await weather(deps, tenant.organization_id, storm)
    figures.assert_kept(storm)
    assert figures.refused > 0
