"""What a new organization starts with."""

from sqlalchemy import select

from speko_core.accounts.models import Organization
from speko_core.bootstrap import prepare
from speko_core.deps import build_deps
from speko_core.metering.models import LedgerEntry
from speko_core.settings import Settings
from tests.core.metering_kit import assert_exact


async def test_a_new_organization_gets_its_starting_credit_once(untouched: Settings) -> None:
    """MTR-3: as an entry like any other."""
    deps = build_deps(untouched.model_copy(update={"starting_credit_micro_usd": 5_000_000}))
    try:
        await prepare(deps)
        await prepare(deps)
        async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
            organization_id = (await db.execute(select(Organization.id))).scalar_one()
            entries = (await db.execute(select(LedgerEntry.kind, LedgerEntry.amount_micro_usd))).all()
        assert [tuple(entry) for entry in entries] == [("grant", 5_000_000)]
        await assert_exact(deps, organization_id, given=5_000_000)
    finally:
        await deps.aclose()
