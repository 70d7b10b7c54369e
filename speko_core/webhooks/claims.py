"""Taking deliveries that are due, each once, in order per call, with no endpoint in the way of another."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from speko_core.webhooks.models import WebhookDelivery
from speko_core.webhooks.rules import OPEN

# Requests under way to one endpoint: a slow one cannot take more of us than this.
PER_ENDPOINT = 16
# A claim that brought no result by then counts as lost, with the process that held it. Longer than the longest
# timeout of an endpoint and the wait of a full queue.
CLAIM_VALID = timedelta(seconds=90)
# What is still open so long after its expiry has attempts that never come to an end.
GIVEN_UP = timedelta(hours=1)


async def anything_due(db: AsyncSession, now: datetime) -> bool:
    """True when `claim_due` would find something, save for the bound on one endpoint."""
    return bool((await db.execute(select(exists().where(*_heads(now))))).scalar_one())


async def claim_due(db: AsyncSession, now: datetime) -> Sequence[WebhookDelivery]:
    """Mark what may be sent now as under way, and return it. `db` is open in every organization.

    Of the deliveries of one call to one endpoint only the first that is still open may go.
    """
    busy = {row[0]: row[1] for row in (await db.execute(_under_way(now))).all()}
    claimed: list[WebhookDelivery] = []
    for endpoint_id in (await db.execute(_endpoints_with_work(now))).scalars().all():
        free = PER_ENDPOINT - busy.get(endpoint_id, 0)
        if free > 0:
            claimed += (await db.execute(_due_of(endpoint_id, now, free))).scalars().all()
    for row in claimed:
        row.updated_at = now
        if row.claims > 0 and now > row.expires_at + GIVEN_UP:
            row.status = "expired"
            continue
        row.status, row.claims = "delivering", row.claims + 1
        row.due_at = now + CLAIM_VALID
    await db.flush()
    return [row for row in claimed if row.status == "delivering"]


def _heads(now: datetime) -> tuple[ColumnElement[bool], ...]:
    earlier = aliased(WebhookDelivery)
    waits_for_another = exists().where(
        earlier.endpoint_id == WebhookDelivery.endpoint_id,
        earlier.session_id == WebhookDelivery.session_id,
        earlier.status.in_(OPEN),
        or_(
            earlier.sequence < WebhookDelivery.sequence,
            and_(earlier.sequence == WebhookDelivery.sequence, earlier.id < WebhookDelivery.id),
        ),
    )
    return WebhookDelivery.status.in_(OPEN), WebhookDelivery.due_at <= now, ~waits_for_another


def _endpoints_with_work(now: datetime) -> Select[str]:
    statement = select(WebhookDelivery.endpoint_id).where(*_heads(now)).group_by(WebhookDelivery.endpoint_id)
    return statement.order_by(func.min(WebhookDelivery.due_at))


def _under_way(now: datetime) -> Select[str, int]:
    statement = select(WebhookDelivery.endpoint_id, func.count(WebhookDelivery.id)).where(
        WebhookDelivery.status == "delivering", WebhookDelivery.due_at > now
    )
    return statement.group_by(WebhookDelivery.endpoint_id)


def _due_of(endpoint_id: str, now: datetime, limit: int) -> Select[WebhookDelivery]:
    statement = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id, *_heads(now))
    ordered = statement.order_by(WebhookDelivery.due_at, WebhookDelivery.id).limit(limit)
    return ordered.with_for_update(skip_locked=True)
