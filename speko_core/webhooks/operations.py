"""Webhooks as operations."""

from typing import Final

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Deleted, Nothing
from speko_core.webhooks import deliveries, delivery_schemas, endpoints, organization_secret, schemas

TAG: Final = "Webhooks"
TOOLSET: Final = "webhooks"
READ, WRITE = "webhooks:read", "webhooks:write"
NO_ENDPOINT = ErrorCase(404, "NOT_FOUND", "No webhook with this id exists in the authenticated organization.")
NO_DELIVERY = ErrorCase(404, "NOT_FOUND", "No delivery with this id exists in the authenticated organization.")

LIST = Operation(
    id="webhooks.list",
    summary="List webhooks",
    description="The organization's endpoints, oldest first. Secrets are never shown.",
    scope=READ,
    effect="read",
    input=Nothing,
    output=schemas.EndpointList,
    run=endpoints.list_endpoints,
    http=Http("GET", "/v1/webhooks", tag=TAG),
    tool=ToolBinding(
        "list_webhooks",
        "List webhooks",
        "Use to see which URLs hear of which events. Returns every endpoint with its id.",
        toolset=TOOLSET,
        next_steps=("create_webhook to add one", "list_webhook_deliveries to see what was sent"),
        listed=False,
    ),
)
CREATE = Operation(
    id="webhooks.create",
    summary="Create a webhook",
    description="Requests are signed the Standard Webhooks way and repeated for 24 hours until they are answered 2xx.",
    scope=WRITE,
    effect="write",
    input=schemas.EndpointCreate,
    output=schemas.EndpointRow,
    run=endpoints.create,
    errors=(ErrorCase(409, "WEBHOOK_LIMIT", "The organization has as many webhooks as it may have."),),
    http=Http("POST", "/v1/webhooks", 201, tag=TAG),
    tool=ToolBinding(
        "create_webhook",
        "Create webhook",
        "Use to have events sent to a URL. Needs name, an https url and events such as call.report; allAgents false "
        "with agentIds narrows it to some agents. Returns the endpoint with its id.",
        toolset=TOOLSET,
        next_steps=("list_webhook_deliveries with the id to see what arrives",),
        listed=False,
    ),
)
GET = Operation(
    id="webhooks.get",
    summary="Get a webhook",
    scope=READ,
    effect="read",
    input=schemas.EndpointRef,
    output=schemas.EndpointRow,
    run=endpoints.get,
    errors=(NO_ENDPOINT,),
    http=Http("GET", "/v1/webhooks/{id}", tag=TAG),
    tool=ToolBinding(
        "get_webhook",
        "Get webhook",
        "Use to read one endpoint. Takes an id from list_webhooks; secrets are not shown.",
        toolset=TOOLSET,
        next_steps=("update_webhook to change it",),
        listed=False,
    ),
)
UPDATE = Operation(
    id="webhooks.update",
    summary="Change a webhook",
    description="Absent fields stay; null clears. What waits to be delivered goes to the endpoint as it is then.",
    scope=WRITE,
    effect="write",
    input=schemas.EndpointUpdate,
    output=schemas.EndpointRow,
    run=endpoints.update,
    errors=(NO_ENDPOINT,),
    http=Http("PATCH", "/v1/webhooks/{id}", tag=TAG),
    tool=ToolBinding(
        "update_webhook",
        "Update webhook",
        "Use to change a URL, its events or its filters. Takes an id from list_webhooks and only the fields to change.",
        toolset=TOOLSET,
        next_steps=("list_webhook_deliveries to see what arrives",),
        idempotent=True,
        listed=False,
    ),
)
DELETE = Operation(
    id="webhooks.delete",
    summary="Delete a webhook",
    description="What waits for it is cancelled; its past deliveries stay readable.",
    scope=WRITE,
    effect="destroy",
    input=schemas.EndpointRef,
    output=Deleted,
    run=endpoints.delete,
    errors=(NO_ENDPOINT,),
    http=Http("DELETE", "/v1/webhooks/{id}", tag=TAG),
    tool=ToolBinding(
        "delete_webhook",
        "Delete webhook",
        "Use when a URL must hear of nothing any more. Takes an id from list_webhooks; what waits is cancelled.",
        toolset=TOOLSET,
        next_steps=("list_webhooks to see what is left",),
        idempotent=True,
        listed=False,
    ),
)
DELIVERIES_LIST = Operation(
    id="webhook_deliveries.list",
    summary="List webhook deliveries",
    description="What was sent or waits to be sent, newest first, narrowed by any of the filters.",
    scope=READ,
    effect="read",
    input=delivery_schemas.DeliveryQuery,
    output=delivery_schemas.DeliveryPage,
    run=deliveries.list_deliveries,
    http=Http("GET", "/v1/webhook-deliveries", tag=TAG),
    tool=ToolBinding(
        "list_webhook_deliveries",
        "List webhook deliveries",
        "Use when a webhook did not arrive, or to see whether events reached endpoints; status failed, expired or "
        "pending finds trouble. Returns deliveries with ids; pass nextCursor as cursor for older ones.",
        toolset=TOOLSET,
        next_steps=("get_webhook_delivery for the answers of an endpoint", "redeliver_webhook to send one again"),
        listed=False,
    ),
)
DELIVERIES_GET = Operation(
    id="webhook_deliveries.get",
    summary="Get a webhook delivery",
    description="What was sent, every attempt, and the start of each answer.",
    scope=READ,
    effect="read",
    input=delivery_schemas.DeliveryRef,
    output=delivery_schemas.DeliveryDetail,
    run=deliveries.get,
    errors=(NO_DELIVERY,),
    http=Http("GET", "/v1/webhook-deliveries/{id}", tag=TAG),
    tool=ToolBinding(
        "get_webhook_delivery",
        "Get webhook delivery",
        "Use to find out why an endpoint did not take an event. Takes an id from list_webhook_deliveries; returns the "
        "payload, every attempt and the start of each answer.",
        toolset=TOOLSET,
        next_steps=("redeliver_webhook to send it again",),
        untrusted=True,
        listed=False,
    ),
)
REDELIVER = Operation(
    id="webhook_deliveries.redeliver",
    summary="Redeliver a webhook",
    description="Sends it now, with the same `webhook-id`, and answers what the endpoint said. The order per call does "
    "not hold for a redelivery.",
    scope=WRITE,
    effect="write",
    input=delivery_schemas.DeliveryRef,
    output=delivery_schemas.RedeliverResult,
    run=deliveries.check_redeliverable,
    conclude=deliveries.redeliver,
    errors=(
        NO_DELIVERY,
        ErrorCase(409, "NOT_REDELIVERABLE", "The endpoint is gone, or an attempt is under way."),
    ),
    http=Http("POST", "/v1/webhook-deliveries/{id}/redeliver", tag=TAG),
    tool=ToolBinding(
        "redeliver_webhook",
        "Redeliver webhook",
        "Use after an endpoint was mended. Takes an id from list_webhook_deliveries, sends it once more now and "
        "returns what the endpoint answered.",
        toolset=TOOLSET,
        next_steps=("get_webhook_delivery for the whole answer",),
        open_world=True,
        listed=False,
    ),
)
SECRET_STATE = Operation(
    id="webhook_secret.get",
    summary="Get the state of the signing secret",
    description="Since when the organization's signing secret is in use and which older ones still sign. It is never "
    "shown: rotate it to get one.",
    scope=READ,
    effect="read",
    input=Nothing,
    output=schemas.SigningSecretState,
    run=organization_secret.state,
    http=Http("GET", "/v1/organization/webhook-secret", tag=TAG),
    tool=ToolBinding(
        "get_webhook_secret_state",
        "Get webhook secret state",
        "Use to see since when the organization's signing secret is in use and whether a rotation is under way.",
        toolset=TOOLSET,
        next_steps=("rotate_webhook_secret to replace it",),
        listed=False,
    ),
)
SECRET_ROTATE = Operation(
    id="webhook_secret.rotate",
    summary="Rotate the signing secret",
    description="The new secret is in this answer and cannot be read again. Until the overlap ends every request "
    "carries the signatures of both.",
    scope="account:write",
    effect="destroy",
    input=schemas.SigningSecretRotate,
    output=schemas.SigningSecretValue,
    run=organization_secret.rotate,
    errors=(ErrorCase(409, "CONFLICT", "Another request rotated it at the same time."),),
    http=Http("POST", "/v1/organization/webhook-secret/rotate", tag=TAG),
    tool=ToolBinding(
        "rotate_webhook_secret",
        "Rotate webhook secret",
        "Use only when the person asked for a new signing secret; it is returned here once and becomes part of this "
        "conversation. overlapSeconds says how long the old one goes on signing; 0 when it has leaked.",
        toolset=TOOLSET,
        next_steps=("get_webhook_secret_state to see when the old one ends",),
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (
    LIST, CREATE, GET, UPDATE, DELETE, DELIVERIES_LIST, DELIVERIES_GET, REDELIVER, SECRET_STATE, SECRET_ROTATE,
)  # fmt: skip
