"""Provider keys as operations. No answer holds a key; a tool that takes one says where else it can be entered."""

from speko_core.byok import schemas, service
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Deleted, Nothing

LIST = Operation(
    id="providers.list",
    summary="List provider keys",
    description="Every vendor that takes a key: whether calls have one, and whether it is the organization's own.",
    scope="account:read",
    effect="read",
    input=Nothing,
    output=schemas.ProviderStatuses,
    run=service.statuses,
    http=Http("GET", "/v1/providers", tag="Routing"),
    tool=ToolBinding(
        "list_provider_keys",
        "List provider keys",
        "Use to see for which vendors calls have a key, and whose key it is. Keys themselves are never shown.",
        toolset="integrations",
        next_steps=("set_provider_key to add one", "preview_stack to see what the router would pick"),
        listed=False,
    ),
)
PUT = Operation(
    id="providers.put",
    summary="Store a provider key",
    description="The organization's own key of a vendor: its calls use it, the vendor bills the organization, and they "
    "cost no credit here. Write-only: it is never shown again.",
    scope="account:write",
    effect="write",
    input=schemas.ProviderKeyPut,
    output=schemas.ProviderStatus,
    run=service.put,
    errors=(ErrorCase(409, "CONFLICT", "Another request stored a key of this vendor at the same time."),),
    http=Http("PUT", "/v1/providers", tag="Routing"),
    tool=ToolBinding(
        "set_provider_key",
        "Set provider key",
        "Use only when the person gave you a vendor's key for this. A key in a conversation stays in it, so offer "
        "the dashboard first: Settings, Provider keys. Takes a provider from list_provider_keys.",
        toolset="integrations",
        next_steps=("list_provider_keys to see that it is there", "preview_stack to see what the router picks now"),
        idempotent=True,
        listed=False,
    ),
)
DELETE = Operation(
    id="providers.delete",
    summary="Remove a provider key",
    scope="account:write",
    effect="destroy",
    input=schemas.ProviderRef,
    output=Deleted,
    run=service.delete,
    errors=(ErrorCase(404, "NOT_FOUND", "The organization has no key of this vendor."),),
    http=Http("DELETE", "/v1/providers/{provider}", tag="Routing"),
    tool=ToolBinding(
        "delete_provider_key",
        "Delete provider key",
        "Use when the person asks to take a vendor's key away; it cannot be read back. Takes a provider from "
        "list_provider_keys.",
        toolset="integrations",
        next_steps=("list_provider_keys to see what is left",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, PUT, DELETE)
