"""What other resources ask of webhooks: say what happened, inside the transaction in which it happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.ids import new_id
from speko_core.types import JsonObject
from speko_core.webhooks import repository
from speko_core.webhooks.events import AGENT_WEBHOOKS, RETRIED, EventName, field_names, with_fields, without_content
from speko_core.webhooks.models import WebhookDelivery, WebhookEndpoint
from speko_core.webhooks.rules import expiry
from speko_core.webhooks.targets import PRODUCTION, AgentWebhookRef, agent_webhook

FIRST_CLAIM = 1


@dataclass(frozen=True)
class _Listener:
    ref: str
    name: str
    with_content: bool
    fields: list[str]


@dataclass(frozen=True)
class _Happening:
    organization_id: str
    event: EventName
    occurred_at: datetime
    session_id: str | None
    agent_id: str | None
    environment: str
    tags: Mapping[str, str]


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
    happening = _Happening(
        organization_id, event, occurred_at, session_id, agent_id, environment or PRODUCTION, webhook_tags or {}
    )
    listeners = [*await _agent(db, happening), *await _endpoints(db, happening)]
    if not listeners:
        return []
    event_id = new_id("evt")
    full: JsonObject = {"type": event, "event_id": event_id, **payload}
    asked = await _asked_of_every_call(db, happening) if "custom_data" in payload else []
    rows = [
        _owed(happening, listener, event_id, with_fields(full, [*asked, *listener.fields])) for listener in listeners
    ]
    if sequence is None and session_id is not None:
        sequence = await repository.next_sequence(db, organization_id, session_id)
    for row in rows:
        row.sequence = sequence or 0
        if sent_by_caller:
            row.status, row.claims, row.due_at = "delivering", FIRST_CLAIM, row.expires_at
    db.add_all(rows)
    await db.flush()
    return [row.id for row in rows]


def _owed(happening: _Happening, listener: _Listener, event_id: str, payload: JsonObject) -> WebhookDelivery:
    return WebhookDelivery(
        id=new_id("whd"),
        organization_id=happening.organization_id,
        event_id=event_id,
        event=happening.event,
        endpoint_id=listener.ref,
        endpoint_name=listener.name,
        session_id=happening.session_id,
        agent_id=happening.agent_id,
        webhook_tags=dict(happening.tags),
        payload=payload if listener.with_content else without_content(payload),
        status="pending",
        claims=0,
        occurred_at=happening.occurred_at,
        due_at=happening.occurred_at,
        expires_at=expiry(happening.occurred_at, retried=happening.event in RETRIED),
        created_at=happening.occurred_at,
        updated_at=happening.occurred_at,
    )


async def _endpoints(db: AsyncSession, happening: _Happening) -> list[_Listener]:
    rows = await repository.endpoints(db, happening.organization_id)
    return [
        _Listener(row.id, row.name, row.content_mode == "full", field_names(row.extraction_fields))
        for row in rows
        if _wants(row, happening)
    ]


def _wants(row: WebhookEndpoint, happening: _Happening) -> bool:
    if happening.event not in row.events or not (row.all_agents or happening.agent_id in row.agent_ids):
        return False
    return all(happening.tags.get(name) == value for name, value in row.filter_tags.items())


async def _agent(db: AsyncSession, happening: _Happening) -> list[_Listener]:
    """The agent's own webhook for this event, as a list of one or none."""
    name, agent_id = AGENT_WEBHOOKS.get(happening.event), happening.agent_id
    if agent_id is None or name is None:
        return []
    ref = AgentWebhookRef(agent_id, name, happening.environment)
    agent = await repository.agent(db, happening.organization_id, agent_id)
    settings = await agent_webhook(db, ref) if agent is not None else None
    if agent is None or settings is None:
        return []
    fields = field_names(settings.get("extractionFields"))
    return [_Listener(str(ref), f"{agent.name}: {name}", with_content=True, fields=fields)]


async def _asked_of_every_call(db: AsyncSession, happening: _Happening) -> list[str]:
    """Names of the values that the agent itself wants extracted."""
    if happening.agent_id is None:
        return []
    content = await repository.agent_content(db, happening.agent_id, happening.environment)
    return field_names(content.get("extractionFields"))
