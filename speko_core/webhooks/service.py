"""What other resources ask of webhooks: say what happened, inside the transaction in which it happened."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.ids import new_id
from speko_core.types import JsonObject
from speko_core.webhooks import repository
from speko_core.webhooks.events import AGENT_WEBHOOKS, RETRIED, EventName, without_content
from speko_core.webhooks.models import WebhookDelivery, WebhookEndpoint
from speko_core.webhooks.rules import expiry
from speko_core.webhooks.targets import PRODUCTION, AgentWebhookRef, agent_webhook

FIRST_CLAIM = 1


async def emit(
    db: AsyncSession,
    organization_id: str,
    event: EventName,
    payload: JsonObject,
    *,
    occurred_at: datetime,
    session_id: str | None = None,
    agent_id: str | None = None,
    environment: str | None = None,
    webhook_tags: Mapping[str, str] | None = None,
    sequence: int | None = None,
    sent_by_caller: bool = False,
) -> list[str]:
    """Owe `payload` to everybody who wants to hear of `event`; returns the deliveries' ids, the agent's own first.

    Only rows are written, in the transaction of the event, so an event that happened is told and one that was rolled
    back is not. The jobs role finds them within a second. `type` and `event_id` are added to the payload. Deliveries
    of one session reach an endpoint in order of `sequence`; without one they follow what was emitted before. `db` is
    open in the organization, or in all. `sent_by_caller` gives them out as claimed once, for whoever sends them
    himself.
    """
    heard = [
        *await _agent(db, organization_id, event, agent_id, environment or PRODUCTION),
        *await _endpoints(db, organization_id, event, agent_id, webhook_tags or {}),
    ]
    if not heard:
        return []
    event_id = new_id("evt")
    if sequence is None:
        sequence = await repository.next_sequence(db, organization_id, session_id) if session_id else 0
    expires_at = expiry(occurred_at, retried=event in RETRIED)
    full: JsonObject = {"type": event, "event_id": event_id, **payload}
    rows = [
        WebhookDelivery(
            id=new_id("whd"),
            organization_id=organization_id,
            event_id=event_id,
            event=event,
            endpoint_id=ref,
            endpoint_name=name,
            session_id=session_id,
            agent_id=agent_id,
            webhook_tags=dict(webhook_tags or {}),
            sequence=sequence,
            payload=full if with_content else without_content(full),
            status="delivering" if sent_by_caller else "pending",
            claims=FIRST_CLAIM if sent_by_caller else 0,
            occurred_at=occurred_at,
            due_at=expires_at if sent_by_caller else occurred_at,
            expires_at=expires_at,
            created_at=occurred_at,
            updated_at=occurred_at,
        )
        for ref, name, with_content in heard
    ]
    db.add_all(rows)
    await db.flush()
    return [row.id for row in rows]


async def _endpoints(
    db: AsyncSession, organization_id: str, event: EventName, agent_id: str | None, tags: Mapping[str, str]
) -> Iterable[tuple[str, str, bool]]:
    rows = await repository.endpoints(db, organization_id)
    return [(row.id, row.name, row.content_mode == "full") for row in rows if wants(row, event, agent_id, tags)]


def wants(row: WebhookEndpoint, event: EventName, agent_id: str | None, tags: Mapping[str, str]) -> bool:
    """True when the endpoint is to hear of an event of this agent with these tags."""
    if event not in row.events or not (row.all_agents or agent_id in row.agent_ids):
        return False
    return all(tags.get(name) == value for name, value in row.filter_tags.items())


async def _agent(
    db: AsyncSession, organization_id: str, event: EventName, agent_id: str | None, environment: str
) -> Iterable[tuple[str, str, bool]]:
    name = AGENT_WEBHOOKS.get(event)
    if agent_id is None or name is None:
        return []
    ref = AgentWebhookRef(agent_id, name, environment)
    agent = await repository.agent(db, organization_id, agent_id)
    if agent is None or await agent_webhook(db, ref) is None:
        return []
    return [(str(ref), f"{agent.name}: {name}", True)]
