"""Every query about endpoints and deliveries, save what the dispatcher claims (`claims.py`)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.agents.models import Agent
from speko_core.pagination import after
from speko_core.types import JsonObject
from speko_core.versions import repository as versions
from speko_core.webhooks.delivery_schemas import DeliveryQuery
from speko_core.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


async def endpoint(db: AsyncSession, endpoint_id: str) -> WebhookEndpoint | None:
    """One endpoint that has not been deleted."""
    statement = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.deleted_at.is_(None))
    return (await db.execute(statement)).scalar_one_or_none()


async def endpoints(db: AsyncSession, organization_id: str) -> Sequence[WebhookEndpoint]:
    """The organization's endpoints, oldest first; `db` is open in it, or in all."""
    statement = select(WebhookEndpoint).where(
        WebhookEndpoint.organization_id == organization_id, WebhookEndpoint.deleted_at.is_(None)
    )
    ordered = statement.order_by(WebhookEndpoint.created_at, WebhookEndpoint.id)
    return (await db.execute(ordered)).scalars().all()


async def cancel_open(db: AsyncSession, endpoint_id: str, now: datetime) -> None:
    """Nothing more goes to this endpoint. An attempt under way may still succeed."""
    statement = (
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.status.in_(("pending", "delivering")))
        .values(status="cancelled", updated_at=now)
        .execution_options(synchronize_session=False)
    )
    await db.execute(statement)


async def next_sequence(db: AsyncSession, organization_id: str, session_id: str) -> int:
    """The place of the next event among those of a session."""
    statement = select(func.max(WebhookDelivery.sequence)).where(
        WebhookDelivery.organization_id == organization_id, WebhookDelivery.session_id == session_id
    )
    return ((await db.execute(statement)).scalar_one() or 0) + 1


async def delivery(db: AsyncSession, delivery_id: str, *, locked: bool = False) -> WebhookDelivery | None:
    """One delivery, held against concurrent changes if asked."""
    statement = select(WebhookDelivery).where(WebhookDelivery.id == delivery_id)
    return (await db.execute(statement.with_for_update() if locked else statement)).scalar_one_or_none()


async def attempts(db: AsyncSession, delivery_id: str) -> Sequence[WebhookAttempt]:
    """What was tried, oldest first."""
    statement = select(WebhookAttempt).where(WebhookAttempt.delivery_id == delivery_id)
    ordered = statement.order_by(WebhookAttempt.created_at, WebhookAttempt.id)
    return (await db.execute(ordered)).scalars().all()


async def page(db: AsyncSession, query: DeliveryQuery) -> Sequence[WebhookDelivery]:
    """One row more than the page holds, newest first, so that the caller sees whether there is a next page."""
    statement = select(WebhookDelivery)
    for column, wanted in (
        (WebhookDelivery.endpoint_id, query.endpoint_id),
        (WebhookDelivery.event, query.event),
        (WebhookDelivery.agent_id, query.agent_id),
        (WebhookDelivery.status, query.status),
        (WebhookDelivery.session_id, query.session_id),
        (WebhookDelivery.event_id, query.event_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if query.from_ is not None:
        statement = statement.where(WebhookDelivery.created_at >= query.from_)
    if query.to is not None:
        statement = statement.where(WebhookDelivery.created_at <= query.to)
    statement = after(statement, WebhookDelivery.created_at, WebhookDelivery.id, query.cursor)
    return (await db.execute(statement.limit(query.limit + 1))).scalars().all()


async def endpoint_names(db: AsyncSession) -> Sequence[tuple[str, str]]:
    """Id and name of everything that has deliveries or is an endpoint, deleted ones included."""
    delivered = select(WebhookDelivery.endpoint_id, func.max(WebhookDelivery.endpoint_name)).group_by(
        WebhookDelivery.endpoint_id
    )
    listed = select(WebhookEndpoint.id, WebhookEndpoint.name)
    found = {row[0]: row[1] for row in (await db.execute(delivered)).all()}
    found |= {row[0]: row[1] for row in (await db.execute(listed)).all()}
    return sorted(found.items(), key=lambda pair: (pair[1].lower(), pair[0]))


async def living_endpoints(db: AsyncSession) -> set[str]:
    """Ids of the organization's endpoints that have not been deleted."""
    statement = select(WebhookEndpoint.id).where(WebhookEndpoint.deleted_at.is_(None))
    return set((await db.execute(statement)).scalars())


async def agent(db: AsyncSession, organization_id: str, agent_id: str) -> Agent | None:
    """An agent of the organization; `db` is open in it, or in all."""
    statement = select(Agent).where(Agent.id == agent_id, Agent.organization_id == organization_id)
    return (await db.execute(statement)).scalar_one_or_none()


async def agent_content(db: AsyncSession, agent_id: str, environment: str) -> JsonObject:
    """The settings that serve in an environment: what was deployed there, else the newest version."""
    pointer = await versions.environment(db, agent_id, environment)
    version = await versions.numbered(db, agent_id, pointer.version) if pointer is not None else None
    version = version or await versions.newest(db, agent_id)
    if version is not None:
        return version.content
    config = (await db.execute(select(Agent.config).where(Agent.id == agent_id))).scalar_one_or_none()
    return config or {}
