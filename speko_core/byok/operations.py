"""Provider keys as operations. They are no tools: a key does not belong into a model's context."""

from speko_core.byok import schemas, service
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation
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
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, PUT, DELETE)
