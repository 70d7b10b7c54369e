"""Seeing deliveries and sending one again by hand (TEL-10)."""

from speko_core.context import Ctx
from speko_core.errors import Conflict, NotFound
from speko_core.pagination import page_of
from speko_core.webhooks import repository
from speko_core.webhooks.attempts import run_manual
from speko_core.webhooks.delivery_schemas import (
    AttemptRow,
    DeliveryDetail,
    DeliveryPage,
    DeliveryQuery,
    DeliveryRef,
    DeliveryRow,
    EndpointOption,
    RedeliverResult,
)
from speko_core.webhooks.models import WebhookAttempt, WebhookDelivery
from speko_core.webhooks.targets import AgentWebhookRef, agent_webhook, find_target


async def list_deliveries(ctx: Ctx, data: DeliveryQuery) -> DeliveryPage:
    """One page, newest first, with the endpoints there are to filter by."""
    shown, cursor = page_of(await repository.page(ctx.db, data), data.limit)
    named = await repository.endpoint_names(ctx.db)
    living = await _living(ctx, {endpoint_id for endpoint_id, _ in named})
    return DeliveryPage(
        data=[DeliveryRow.model_validate(_fields(row, living) | {"attempts": row.attempts}) for row in shown],
        next_cursor=cursor,
        endpoint_options=[
            EndpointOption(id=endpoint_id, name=name, kind="workspace", deleted=endpoint_id not in living)
            for endpoint_id, name in named
        ],
    )


async def get(ctx: Ctx, data: DeliveryRef) -> DeliveryDetail:
    """One delivery with what was sent and what came back."""
    row = await _found(ctx, data.id)
    tried = await repository.attempts(ctx.db, row.id)
    own = {
        "attempt_count": row.attempts,
        "request_payload": row.payload,
        "attempts": [_attempt(attempt, row) for attempt in tried],
    }
    return DeliveryDetail.model_validate(_fields(row, await _living(ctx, {row.endpoint_id})) | own)


async def check_redeliverable(ctx: Ctx, data: DeliveryRef) -> None:
    """Refuse what cannot be sent again. The request itself is made after the transaction, by `redeliver`.

    Raises:
        NotFound: no such delivery here.
        Conflict: `NOT_REDELIVERABLE`, its endpoint is gone or an attempt is under way.
    """
    row = await _found(ctx, data.id)
    if not _can_redeliver(row, await _living(ctx, {row.endpoint_id})):
        raise Conflict(
            "The endpoint of this delivery is gone, or an attempt is under way.",
            "NOT_REDELIVERABLE",
            hint="Read the delivery to see which.",
        )
    ctx.resource_id = row.id


async def redeliver(ctx: Ctx, data: DeliveryRef) -> RedeliverResult:
    """Send it now, with the same `webhook-id`, and say what the endpoint answered."""
    async with ctx.deps.database.transaction(ctx.organization_id, read_only=True) as db:
        row = await repository.delivery(db, data.id)
        target = await find_target(ctx.deps, db, row.endpoint_id) if row is not None else None
    if row is None or target is None:
        return RedeliverResult(delivered=False, http_status=None, error="the endpoint was removed meanwhile")
    result = await run_manual(ctx.deps, row, target)
    return RedeliverResult(delivered=result.ok, http_status=result.status, error=result.error)


async def _found(ctx: Ctx, delivery_id: str) -> WebhookDelivery:
    row = await repository.delivery(ctx.db, delivery_id)
    if row is None:
        raise NotFound("not found", hint="List the webhook deliveries to find an id.")
    return row


async def _living(ctx: Ctx, endpoint_ids: set[str]) -> set[str]:
    """Those of these endpoints that still exist."""
    living = await repository.living_endpoints(ctx.db)
    refs = {endpoint_id: AgentWebhookRef.parse(endpoint_id) for endpoint_id in endpoint_ids - living}
    agents = {ref_id for ref_id, ref in refs.items() if ref and await agent_webhook(ctx.db, ref) is not None}
    return living | agents


def _can_redeliver(row: WebhookDelivery, living: set[str]) -> bool:
    return row.endpoint_id in living and row.status != "delivering"


def _fields(row: WebhookDelivery, living: set[str]) -> dict[str, object]:
    own = {name: getattr(row, name) for name in DeliveryRow.model_fields if hasattr(row, name)}
    return {
        **own,
        "endpoint_kind": "workspace",
        "endpoint_deleted": row.endpoint_id not in living,
        "can_redeliver": _can_redeliver(row, living),
    }


def _attempt(attempt: WebhookAttempt, row: WebhookDelivery) -> AttemptRow:
    own = {name: getattr(attempt, name) for name in AttemptRow.model_fields if hasattr(attempt, name)}
    return AttemptRow.model_validate({**own, "request_body": row.payload})
