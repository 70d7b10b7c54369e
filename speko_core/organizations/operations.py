"""The organization as operations."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.organizations import schemas, service
from speko_core.schemas import Nothing

RECORDING_LOCKED = ErrorCase(409, "RECORDING_LOCKED", "HIPAA mode keeps recording off.")
TAG = "Account"

GET = Operation(
    id="organization.get",
    summary="Get the organization",
    description="Its name, whether calls may be recorded, and how long what is kept.",
    scope="account:read",
    effect="read",
    input=Nothing,
    output=schemas.OrganizationRow,
    run=service.get,
    http=Http("GET", "/v1/organization", tag=TAG),
    tool=ToolBinding(
        "get_organization",
        "Get organization",
        "Use to see the organization's name, whether its calls may be recorded, and how long calls, recordings and "
        "transcripts are kept.",
        toolset="account",
        next_steps=("update_organization to change a setting",),
        listed=False,
    ),
)
UPDATE = Operation(
    id="organization.update",
    summary="Update the organization",
    description="Absent fields stay. `hipaaMode` switches recording off and locks it.",
    scope="account:write",
    effect="write",
    input=schemas.OrganizationUpdate,
    output=schemas.OrganizationRow,
    run=service.update,
    errors=(RECORDING_LOCKED,),
    http=Http("PATCH", "/v1/organization", tag=TAG),
    tool=ToolBinding(
        "update_organization",
        "Update organization",
        "Use only when the person asked to change a setting of their organization. hipaaMode switches recording off "
        "and locks it; shorter retention deletes older data at the next sweep, for good.",
        toolset="account",
        next_steps=("get_organization to see the settings",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (GET, UPDATE)
