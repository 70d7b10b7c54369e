"""One attempt of a delivery: make the request, send it outside any transaction, write down what came back."""

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_core.types import JsonObject
from speko_core.webhooks import repository
from speko_core.webhooks.events import RETRIED
from speko_core.webhooks.models import WebhookAttempt, WebhookDelivery
from speko_core.webhooks.organization_secret import signing_secrets
from speko_core.webhooks.rules import OPEN, Outcome, Status, after_attempt
from speko_core.webhooks.sending import SendResult, SignedRequest, deliver_once
from speko_core.webhooks.targets import Target, find_target

SHOWN_BYTES = 4096
Trigger = Literal["automatic", "manual"]


@dataclass(frozen=True)
class Prepared:
    """A delivery ready to go."""

    delivery_id: str
    organization_id: str
    request: SignedRequest
    timeout_s: float


async def prepare(deps: Deps, delivery: WebhookDelivery, target: Target) -> Prepared:
    """The signed request of a delivery. Opens its own transactions; call it outside of one."""
    secrets = [target.secret] if target.secret else await signing_secrets(deps, delivery.organization_id)
    request = SignedRequest(
        url=target.url,
        body=body_of(delivery.payload),
        message_id=delivery.id,
        secrets=secrets,
        headers=target.headers,
        secret_headers=target.secret_headers,
    )
    return Prepared(delivery.id, delivery.organization_id, request, target.timeout_s)


def body_of(payload: JsonObject) -> bytes:
    """The bytes that are sent and signed."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Ran:
    """What came of a claim: the delivery's status, and the answer where a request was made."""

    status: str
    result: SendResult | None = None


async def run_claimed(
    deps: Deps, organization_id: str, delivery_id: str, claim: int, budget_s: float = math.inf
) -> Ran:
    """Carry out a claim within `budget_s` seconds. One that is no longer the newest does nothing."""
    async with deps.database.transaction(organization_id, read_only=True) as db:
        delivery = await repository.delivery(db, delivery_id)
        if delivery is None or delivery.status != "delivering" or delivery.claims != claim:
            return Ran(delivery.status if delivery is not None else "deleted")
        target = await find_target(deps, db, delivery.endpoint_id)
    if target is None:
        return await _close(deps, delivery, "cancelled")
    if delivery.event not in RETRIED and deps.clock.now() >= delivery.expires_at:
        return await _close(deps, delivery, "expired")
    prepared = await prepare(deps, delivery, target)
    result = await deliver_once(deps, prepared.request, min(prepared.timeout_s, budget_s))
    async with deps.database.transaction(delivery.organization_id) as db:
        return Ran(await _record_claimed(deps, db, prepared, claim, result), result)


async def run_manual(deps: Deps, delivery: WebhookDelivery, target: Target) -> SendResult:
    """An attempt that a person asked for: it can only better the delivery's state."""
    prepared = await prepare(deps, delivery, target)
    result = await deliver_once(deps, prepared.request, prepared.timeout_s)
    async with deps.database.transaction(delivery.organization_id) as db:
        row = await _note(deps, db, prepared, "manual", result)
        if row is not None and result.ok:
            _succeed(row, deps.clock.now())
    return result


async def _close(deps: Deps, delivery: WebhookDelivery, status: Status) -> Ran:
    async with deps.database.transaction(delivery.organization_id) as db:
        row = await repository.delivery(db, delivery.id, locked=True)
        if row is not None and row.status in OPEN:
            row.status, row.updated_at = status, deps.clock.now()
    return Ran(status)


async def _record_claimed(deps: Deps, db: AsyncSession, prepared: Prepared, claim: int, result: SendResult) -> str:
    row = await _note(deps, db, prepared, "automatic", result)
    if row is None:
        return "deleted"
    now = deps.clock.now()
    if result.ok:
        _succeed(row, now)
    elif row.status == "delivering" and row.claims == claim:
        after = after_attempt(
            Outcome(result.status, result.error),
            attempt=row.attempts,
            retried=row.event in RETRIED,
            now=now,
            expires_at=row.expires_at,
            base_s=deps.settings.webhook_retry_base_s,
            chance=_chance(row.id, row.attempts),
        )
        row.status, row.due_at = after.status, after.due_at
    return row.status


async def _note(
    deps: Deps, db: AsyncSession, prepared: Prepared, trigger: Trigger, result: SendResult
) -> WebhookDelivery | None:
    row = await repository.delivery(db, prepared.delivery_id, locked=True)
    if row is None:
        return None
    now = deps.clock.now()
    row.attempts, row.updated_at = row.attempts + 1, now
    row.http_status, row.error = result.status, result.error
    db.add(
        WebhookAttempt(
            id=new_id("wha"),
            organization_id=row.organization_id,
            delivery_id=row.id,
            attempt_number=row.attempts,
            trigger=trigger,
            request_url=prepared.request.url,
            request_headers=dict(result.shown_headers),
            response_status=result.status,
            response_body=shown(result.body) if result.status is not None else None,
            response_truncated=result.truncated or len(result.body) > SHOWN_BYTES,
            duration_ms=result.duration_ms,
            error=result.error,
            created_at=now,
        )
    )
    return row


def _succeed(row: WebhookDelivery, now: datetime) -> None:
    row.status, row.delivered_at = "succeeded", row.delivered_at or now


def shown(body: bytes) -> str:
    """What is kept of an answer; PostgreSQL cannot store U+0000."""
    return body[:SHOWN_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd")


def _chance(delivery_id: str, attempt: int) -> float:
    """Jitter that needs no source of chance: uniform in 0 to 1, the same for the same attempt."""
    digest = hashlib.sha256(f"{delivery_id}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32
