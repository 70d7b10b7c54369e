"""Making stored decisions again, and changing the policies that the next ones follow."""

from functools import partial

import orjson
from sqlalchemy.exc import IntegrityError

from speko_core.context import Ctx
from speko_core.errors import Conflict, NotFound
from speko_core.ids import new_id
from speko_core.providers.base import Modality
from speko_core.routing import decisions_repository as repository
from speko_core.routing.decisions import (
    CHAIN,
    Inputs,
    content_id,
    dump_ranked,
    load_call,
    load_offers,
    load_policy,
    run,
)
from speko_core.routing.decisions_models import RoutingDecision, RoutingPolicyRow
from speko_core.routing.decisions_schemas import (
    Policies,
    PolicyPut,
    PolicyRow,
    Replay,
    ReplayedCandidate,
    ReplayedDrop,
    ReplayRequest,
)
from speko_core.routing.policies import AxisWeights, PolicySettings, effective
from speko_core.routing.policy import Policy
from speko_core.schemas import Nothing


async def replay(ctx: Ctx, data: ReplayRequest) -> Replay:
    """Decide again from the stored inputs (RTE-11). Calls no provider and records nothing."""
    row = await repository.decision(ctx.db, data.decision_id)
    if row is None:
        raise NotFound("not found", hint="Send the X-Speko-Decision-Id of an answer of this organization.")
    inputs = await _inputs(ctx, row)
    decision = run(inputs)
    ranked = dump_ranked(decision)
    return Replay(
        decision_id=row.id,
        created_at=row.created_at,
        modality=decision.modality,
        intent=decision.intent,
        scores_run_id=decision.scores_run_id,
        policy_id=row.policy_id,
        # Decisions that were stored before chains were shared hold the chain itself.
        identical=row.ranked in (content_id(CHAIN, ranked), ranked.decode()),
        panic=decision.panic,
        ranked=[ReplayedCandidate.model_validate(one) for one in orjson.loads(ranked)],
        filtered_out=[
            ReplayedDrop(id=entry.id, code=entry.code, reason=entry.reason) for entry in decision.filtered_out
        ],
    )


async def _inputs(ctx: Ctx, row: RoutingDecision) -> Inputs:
    call, credit = load_call(row.call)
    offers = load_offers(await _body(ctx, row.offers_id))
    policy = load_policy(await _body(ctx, row.policy_id))
    return Inputs(call, offers, await ctx.deps.snapshots.get(ctx.db, row.snapshot_id), policy, credit)


async def _body(ctx: Ctx, input_id: str) -> str:
    """Stored with the first decision that names it, in the same transaction."""
    body = await repository.input_body(ctx.db, input_id)
    if body is None:
        raise LookupError(input_id)
    return body


async def list_policies(ctx: Ctx, data: Nothing) -> Policies:
    """The policy in force for every modality."""
    own = {row.modality: PolicySettings.model_validate(row.settings) for row in await repository.policies(ctx.db)}
    return Policies(policies=[_row(effective(one, own.get(one)), one in own) for one in Modality])


async def put_policy(ctx: Ctx, data: PolicyPut) -> PolicyRow:
    """Replace the organization's policy of one modality; the one before stays as history."""
    settings = PolicySettings.model_validate(data.model_dump(exclude={"modality"}, exclude_unset=True, mode="json"))
    stored = settings.model_dump(mode="json", exclude_unset=True)
    now = ctx.now()
    await repository.retire_policy(ctx.db, data.modality, now)
    if stored:
        row = RoutingPolicyRow(
            id=new_id("policy"),
            organization_id=ctx.organization_id,
            modality=str(data.modality),
            settings=stored,
            created_at=now,
            created_by=ctx.principal.id,
        )
        ctx.db.add(row)
        ctx.resource_id = row.id
    try:
        await ctx.db.flush()
    except IntegrityError:  # another request stored one between our look and our write
        raise Conflict("This policy was changed by another request at the same time.") from None
    ctx.after_commit(partial(_forget, ctx))
    return _row(effective(data.modality, settings if stored else None), bool(stored))


def _row(policy: Policy, own: bool) -> PolicyRow:
    presets = {
        name: AxisWeights(quality=one.quality, latency=one.latency, cost=one.cost)
        for name, one in policy.presets.items()
    }
    return PolicyRow(
        modality=policy.modality,
        source="organization" if own else "default",
        presets=presets,
        max_latency_p50_ms=policy.max_latency_p50_ms,
        excluded_statuses=sorted(policy.excluded_statuses),
        pins_need_data=policy.pins_need_data,
        hedging=policy.hedging,
    )


async def _forget(ctx: Ctx) -> None:
    ctx.deps.standings.forget(ctx.organization_id)
