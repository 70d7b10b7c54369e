"""How long deliveries are kept: a month, and never longer than the conversations they tell of (OPS-4)."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.models import Organization
from speko_core.deps import Deps
from speko_core.webhooks.models import WebhookDelivery, WebhookEndpoint
from speko_core.webhooks.rules import OPEN

MOST_DAYS = 30
BATCH = 500


async def sweep(deps: Deps) -> int:
    """Delete what is past its time, with its attempts; returns how many deliveries."""
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        organizations = (await db.execute(select(Organization))).scalars().all()
    return sum(
        [await _sweep(deps, row.id, deps.clock.now() - timedelta(days=_days(deps, row))) for row in organizations]
    )


def _days(deps: Deps, row: Organization) -> int:
    kept = row.retention_days or deps.settings.metadata_retention_days
    return min(MOST_DAYS, kept, row.transcript_retention_days or kept)


async def _sweep(deps: Deps, organization_id: str, before: datetime) -> int:
    swept = 0
    while True:
        async with deps.database.transaction(organization_id) as db:
            deleted = await _delete_batch(db, before)
        swept += deleted
        if deleted < BATCH:
            await _forget_endpoints(deps, organization_id, before)
            return swept


async def _forget_endpoints(deps: Deps, organization_id: str, before: datetime) -> None:
    """Endpoints deleted that long ago have no deliveries left that would need their names."""
    gone = delete(WebhookEndpoint).where(WebhookEndpoint.deleted_at < before)
    async with deps.database.transaction(organization_id) as db:
        await db.execute(gone.execution_options(synchronize_session=False))


async def _delete_batch(db: AsyncSession, before: datetime) -> int:
    over = select(WebhookDelivery.id).where(WebhookDelivery.created_at < before, WebhookDelivery.status.not_in(OPEN))
    ids = (await db.execute(over.limit(BATCH))).scalars().all()
    await db.execute(
        delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids)).execution_options(synchronize_session=False)
    )
    return len(ids)
