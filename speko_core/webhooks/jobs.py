"""The background work of webhooks: a relay that finds what is due, one job an attempt, and the end of old deliveries.

The rows are the truth and the engine carries out attempts: a retry waits as a row with a due time, not as a sleeping
job, so hours of waiting hold no slot. The relay claims and enqueues in one transaction. An attempt whose process is
killed is taken up again by the engine when the process is back, and by the relay when its claim has run out.
"""

from speko_core.deps import Deps
from speko_core.ports.jobs import DELIVERIES, JobKind
from speko_core.types import JsonObject
from speko_core.webhooks import attempts, claims, retention

RELAY_EVERY_S = 0.5
RETENTION_EVERY_S = 3600.0
CLAIM_DIGITS = 6


async def relay(deps: Deps, args: JsonObject) -> JsonObject:
    """Enqueue an attempt for everything that is due; returns how many."""
    async with deps.database.transaction(None, all_organizations=True) as db:
        claimed = await claims.claim_due(db, deps.clock.now())
        for row in claimed:
            await deps.jobs.enqueue(
                ATTEMPT.name,
                {"organizationId": row.organization_id, "deliveryId": row.id, "claim": row.claims},
                job_id=f"{row.id}:{row.claims:0{CLAIM_DIGITS}d}",
                queue=DELIVERIES,
                within=db,
            )
    return {"claimed": len(claimed)}


async def anything_due(deps: Deps) -> bool:
    """True when `relay` has work."""
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        return await claims.anything_due(db, deps.clock.now())


async def attempt(deps: Deps, args: JsonObject) -> JsonObject:
    """Carry out one claim."""
    organization_id, delivery_id, claim = args["organizationId"], args["deliveryId"], args["claim"]
    assert isinstance(organization_id, str)
    assert isinstance(delivery_id, str)
    assert isinstance(claim, int)
    return {"status": (await attempts.run_claimed(deps, organization_id, delivery_id, claim)).status}


async def retain(deps: Deps, args: JsonObject) -> JsonObject:
    """Delete deliveries that are over and past their time; returns how many."""
    return {"deliveries": await retention.sweep(deps)}


ATTEMPT = JobKind(name="webhooks.attempt", run=attempt, queue=DELIVERIES, summary="Sends one webhook request.")
RELAY = JobKind(
    name="webhooks.relay",
    run=relay,
    every_s=RELAY_EVERY_S,
    due=anything_due,
    queue=DELIVERIES,
    summary="Finds webhook deliveries that are due.",
)
RETENTION = JobKind(
    name="webhooks.retention",
    run=retain,
    every_s=RETENTION_EVERY_S,
    summary="Deletes old webhook deliveries, bodies and answers included.",
)
KINDS = (RELAY, ATTEMPT, RETENTION)
