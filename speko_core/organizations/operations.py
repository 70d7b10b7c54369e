"""The organization as operations."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.organizations import deletion, exports, schemas, service
from speko_core.schemas import Deleted, Nothing

RECORDING_LOCKED = ErrorCase(409, "RECORDING_LOCKED", "HIPAA mode keeps recording off.")
EXPORT_NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No export of this id, or it is older than seven days.")
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
DELETE = Operation(
    id="organization.delete",
    summary="Delete the organization",
    description="Deletes everything the organization has, for good: agents, calls, recordings, documents, keys, "
    "members. Usage and ledger stay, as the books. Owners only; `name` has to be the organization's.",
    scope="account:write",
    effect="destroy",
    input=schemas.OrganizationDelete,
    output=Deleted,
    run=deletion.delete,
    errors=(
        ErrorCase(403, "FORBIDDEN", "The caller is no owner."),
        ErrorCase(409, "OPERATING_ORGANIZATION", "The first organization operates the installation."),
        ErrorCase(409, "SESSION_RUNNING", "Sessions have to end first."),
    ),
    http=Http("DELETE", "/v1/organization", tag=TAG),
    tool=ToolBinding(
        "delete_organization",
        "Delete organization",
        "Use only when the person explicitly asked to delete their whole organization, for good. Needs its exact name "
        "from get_organization.",
        toolset="account",
        next_steps=("nothing more can be done here",),
        listed=False,
    ),
)

EXPORT = Operation(
    id="organization.export",
    summary="Export the organization's data",
    description="Starts an archive of everything the organization has, without credentials.",
    scope="account:write",
    effect="write",
    input=Nothing,
    output=schemas.ExportRow,
    run=exports.request,
    http=Http("POST", "/v1/organization/exports", 202, tag=TAG),
    tool=ToolBinding(
        "export_organization",
        "Export organization",
        "Use when the person wants all data of their organization as one archive. It is made in the background.",
        toolset="account",
        next_steps=("get_organization_export with the id until it is ready",),
        listed=False,
    ),
)
EXPORT_GET = Operation(
    id="organization.get_export",
    summary="Get an export",
    description="Its status, and once it is ready a URL that works for ten minutes.",
    scope="account:write",
    effect="read",
    input=schemas.ExportRef,
    output=schemas.ExportRow,
    run=exports.get,
    errors=(EXPORT_NOT_FOUND,),
    http=Http("GET", "/v1/organization/exports/{id}", tag=TAG),
    tool=ToolBinding(
        "get_organization_export",
        "Get organization export",
        "Use after export_organization to get the archive's URL. Give it to the person; it needs no other credential.",
        toolset="account",
        next_steps=("ask again in a minute while it is pending",),
        unfinished=("pending",),
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (GET, UPDATE, DELETE, EXPORT, EXPORT_GET)
