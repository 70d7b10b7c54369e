"""Stored decisions and policies as operations."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.routing import decisions_schemas as schemas
from speko_core.routing import decisions_service as service
from speko_core.schemas import Nothing

REPLAY = Operation(
    id="routing.replay",
    summary="Replay a routing decision",
    description="Makes a stored decision again from its own inputs: the benchmark snapshot, the policy, the candidates "
    "and the health of that moment. Calls no provider and records no usage.",
    scope="inference:use",
    effect="read",
    input=schemas.ReplayRequest,
    output=schemas.Replay,
    run=service.replay,
    errors=(ErrorCase(404, "NOT_FOUND", "No decision with this id exists in the authenticated organization."),),
    http=Http("POST", "/v1/routing/replay", tag="Routing"),
    tool=ToolBinding(
        "replay_decision",
        "Replay decision",
        "Use to explain why a past answer came from its provider. Takes the X-Speko-Decision-Id of the answer; returns "
        "the chain with scores, what was left out and why, and whether the same inputs still give the same chain.",
        toolset="routing",
        next_steps=("preview_stack to see the decision of now", "list_routing_policies for the weights in force"),
        listed=False,
    ),
)
POLICIES = Operation(
    id="routing.policies",
    summary="List routing policies",
    scope="inference:use",
    effect="read",
    input=Nothing,
    output=schemas.Policies,
    run=service.list_policies,
    http=Http("GET", "/v1/routing/policies", tag="Routing"),
    tool=ToolBinding(
        "list_routing_policies",
        "List routing policies",
        "Use to see the weights and hard filters that rank providers in this organization, for each modality.",
        toolset="routing",
        next_steps=("set_routing_policy to change one", "preview_stack to see what they pick"),
        listed=False,
    ),
)
PUT_POLICY = Operation(
    id="routing.put_policy",
    summary="Set a routing policy",
    description="Weights and hard filters of one modality for this organization, from the next decision on. Absent "
    "fields keep the default; a body with only `modality` restores it.",
    scope="account:write",
    effect="write",
    input=schemas.PolicyPut,
    output=schemas.PolicyRow,
    run=service.put_policy,
    errors=(ErrorCase(409, "CONFLICT", "Another request changed this policy at the same time."),),
    http=Http("PUT", "/v1/routing/policies", tag="Routing"),
    tool=ToolBinding(
        "set_routing_policy",
        "Set routing policy",
        "Use when the person wants providers ranked otherwise for the whole organization, such as quality before cost, "
        "or hedging off. Replaces the policy of one modality; only modality restores the default.",
        toolset="routing",
        next_steps=("preview_stack to see what it picks now",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (REPLAY, POLICIES, PUT_POLICY)
