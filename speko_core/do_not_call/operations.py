"""The do-not-call list as operations."""

from speko_core.do_not_call import schemas, service
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Deleted

NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No entry with this id exists in the authenticated organization.")
TAG = "Do not call"

LIST = Operation(
    id="do_not_call.list",
    summary="List the do-not-call numbers",
    description="Numbers that the organization must never dial, newest first; `number` finds one.",
    scope="calls:read",
    effect="read",
    input=schemas.DoNotCallList,
    output=schemas.DoNotCallPage,
    run=service.list_entries,
    http=Http("GET", "/v1/do-not-call", tag=TAG),
    tool=ToolBinding(
        "list_do_not_call",
        "List do-not-call numbers",
        "Use to see which numbers must never be dialled, newest first, or with number to check a single one. Returns "
        "entries with ids; pass nextCursor as cursor for older ones.",
        toolset="calls",
        next_steps=("add_do_not_call to block a number", "remove_do_not_call with an id to allow it again"),
        listed=False,
    ),
)
ADD = Operation(
    id="do_not_call.add",
    summary="Add a do-not-call number",
    description="A number that is on the list already answers its entry, unchanged: its first note stays.",
    scope="calls:write",
    effect="write",
    input=schemas.DoNotCallAdd,
    output=schemas.DoNotCallRow,
    run=service.add,
    http=Http("POST", "/v1/do-not-call", 201, tag=TAG),
    tool=ToolBinding(
        "add_do_not_call",
        "Add do-not-call number",
        "Use to block a phone number, when somebody must not be called again. Needs number in E.164 form, such as "
        "+14155550123. A number that is listed already answers its entry, unchanged.",
        toolset="calls",
        next_steps=("list_do_not_call to see the list",),
        idempotent=True,
        listed=False,
    ),
)
REMOVE = Operation(
    id="do_not_call.remove",
    summary="Remove a do-not-call number",
    description="The number may be dialled again.",
    scope="calls:write",
    effect="destroy",
    input=schemas.DoNotCallRef,
    output=Deleted,
    run=service.remove,
    errors=(NOT_FOUND,),
    http=Http("DELETE", "/v1/do-not-call/{id}", tag=TAG),
    tool=ToolBinding(
        "remove_do_not_call",
        "Remove do-not-call number",
        "Use only when the person asked to allow calls to this number again. Takes an id from list_do_not_call.",
        toolset="calls",
        next_steps=("list_do_not_call to see what is left",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, ADD, REMOVE)
