"""Benchmark snapshots as operations."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.routing import snapshots_schemas as schemas
from speko_core.routing import snapshots_service as service

FORBIDDEN = ErrorCase(403, "FORBIDDEN", "The caller does not operate this installation, or uses a test key.")
PATH = "/v1/routing/snapshots"

LIST = Operation(
    id="routing.snapshots",
    summary="List benchmark snapshots",
    description="The snapshots that were published here, newest first, and the shipped one, each with who measured.",
    scope="inference:use",
    effect="read",
    input=schemas.SnapshotQuery,
    output=schemas.SnapshotList,
    run=service.list_snapshots,
    http=Http("GET", PATH, tag="Routing"),
    tool=ToolBinding(
        "list_snapshots",
        "List snapshots",
        "Use to see which benchmark figures rank providers now and which did before. Returns scoresRunIds with their "
        "sources; the active one is marked.",
        toolset="routing",
        next_steps=("preview_stack to see what the active one picks", "activate_snapshot to go back to an older one"),
        listed=False,
    ),
)
PREVIEW = Operation(
    id="routing.preview_snapshot",
    summary="Preview a benchmark snapshot",
    description="What publishing a benchmark would change: figures by model, and the chain before and after. Stores "
    "nothing.",
    scope="inference:use",
    effect="read",
    input=schemas.SnapshotDraft,
    output=schemas.SnapshotPreview,
    run=service.preview,
    http=Http("POST", f"{PATH}/preview", tag="Routing"),
    tool=ToolBinding(
        "preview_snapshot",
        "Preview snapshot",
        "Use before publish_snapshot, with the same fields. Returns what each model's figures change from and to, and "
        "the order of providers before and after; pass basedOn on.",
        toolset="routing",
        next_steps=("publish_snapshot once the person has agreed to the new order",),
        listed=False,
    ),
)
PUBLISH = Operation(
    id="routing.publish_snapshot",
    summary="Publish a benchmark snapshot",
    description="For the operator of the installation: route by a benchmark from now, in every organization. Its rows "
    "replace all rows of the same models for the language and region; older snapshots stay for replay.",
    scope="account:write",
    effect="write",
    input=schemas.SnapshotPublish,
    output=schemas.SnapshotRow,
    run=service.publish,
    errors=(FORBIDDEN, ErrorCase(409, "CONFLICT", "Another snapshot than `basedOn` is active by now.")),
    http=Http("POST", PATH, 201, tag="Routing"),
    tool=ToolBinding(
        "publish_snapshot",
        "Publish snapshot",
        "Use only when the operator of this installation asks to route by figures that were measured here, such as the "
        "answer of `speko bench run --json`. Changes the order of providers for everybody.",
        toolset="routing",
        next_steps=("preview_stack to see the new order", "activate_snapshot to go back"),
        idempotent=True,
        listed=False,
    ),
)
ACTIVATE = Operation(
    id="routing.activate_snapshot",
    summary="Activate a benchmark snapshot",
    description="For the operator of the installation: route by a snapshot that was published before, or by the "
    "shipped one.",
    scope="account:write",
    effect="write",
    input=schemas.SnapshotRef,
    output=schemas.SnapshotRow,
    run=service.activate,
    errors=(FORBIDDEN, ErrorCase(404, "NOT_FOUND", "No snapshot with this id was ever published here.")),
    http=Http("PUT", f"{PATH}/active", tag="Routing"),
    tool=ToolBinding(
        "activate_snapshot",
        "Activate snapshot",
        "Use only when the operator of this installation asks to go back to older benchmark figures. Takes a "
        "scoresRunId of list_snapshots. Changes the order of providers for everybody.",
        toolset="routing",
        next_steps=("preview_stack to see the order of now",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, PREVIEW, PUBLISH, ACTIVATE)
