"""Phone numbers as operations."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.telephony import schemas, service

NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No phone number with this id exists in the authenticated organization.")
NO_AGENT = ErrorCase(404, "NOT_FOUND", "No agent with this id exists in the authenticated organization.")
NEITHER = ErrorCase(404, "NOT_FOUND", "The phone number or the agent does not exist in the authenticated organization.")
TAKEN = ErrorCase(409, "PHONE_NUMBER_TAKEN", "The organization has this number already.")
TAG = "Phone numbers"

LIST = Operation(
    id="phone_numbers.list",
    summary="List phone numbers",
    description="Every number of the organization, oldest first; `setupStatus` says what works over it.",
    scope="calls:read",
    effect="read",
    input=schemas.PhoneNumberList,
    output=list[schemas.PhoneNumberRow],
    run=service.list_numbers,
    http=Http("GET", "/v1/phone-numbers", tag=TAG),
    tool=ToolBinding(
        "list_phone_numbers",
        "List phone numbers",
        "Use to find phone number ids, the agent each number is attached to, and in setupStatus what works over it.",
        toolset="calls",
        items_as="phoneNumbers",
        next_steps=("update_phone_number to attach an agent", "import_phone_number to add a number"),
        listed=False,
    ),
)
IMPORT = Operation(
    id="phone_numbers.import",
    summary="Import a SIP trunk phone number",
    description="Registers a number of the organization's own; the credentials of its trunk are stored encrypted.",
    scope="calls:write",
    effect="write",
    input=schemas.PhoneNumberImport,
    output=schemas.PhoneNumberRow,
    run=service.import_number,
    errors=(NO_AGENT, TAKEN),
    http=Http("POST", "/v1/phone-numbers/import", tag=TAG),
    tool=ToolBinding(
        "import_phone_number",
        "Import phone number",
        "Use to register a number that the person has at a SIP carrier. Needs e164, such as +14155550123, and one of "
        "sipAddress, sipTrunkId and sipConnectionInstallationId. Nothing is bought, and nothing is called yet: read "
        "setupStatus.issues and tell the person.",
        toolset="calls",
        next_steps=("update_phone_number to attach an agent", "list_phone_numbers to see every number"),
        listed=False,
    ),
)
GET = Operation(
    id="phone_numbers.get",
    summary="Get a phone number",
    scope="calls:read",
    effect="read",
    input=schemas.PhoneNumberRef,
    output=schemas.PhoneNumberRow,
    run=service.get,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/phone-numbers/{id}", tag=TAG),
    tool=ToolBinding(
        "get_phone_number",
        "Get phone number",
        "Use to read one number with its agent and setupStatus. Takes an id from list_phone_numbers.",
        toolset="calls",
        next_steps=("update_phone_number to change it",),
        listed=False,
    ),
)
UPDATE = Operation(
    id="phone_numbers.update",
    summary="Update a phone number",
    description="Partial update: absent fields stay, null clears. `agentId` attaches an agent, null detaches it.",
    scope="calls:write",
    effect="write",
    input=schemas.PhoneNumberUpdate,
    output=schemas.PhoneNumberRow,
    run=service.update,
    errors=(NEITHER,),
    http=Http("PATCH", "/v1/phone-numbers/{id}", tag=TAG),
    tool=ToolBinding(
        "update_phone_number",
        "Update phone number",
        "Use to attach an agent to a number (agentId from list_agents, null detaches), or to change its direction, "
        "label or trunk. Send id and only the fields to change.",
        toolset="calls",
        next_steps=("get_phone_number to see it",),
        idempotent=True,
        listed=False,
    ),
)
RELEASE = Operation(
    id="phone_numbers.release",
    summary="Release a phone number",
    description="Forgets an imported number and its credentials; the number stays with its carrier.",
    scope="calls:write",
    effect="destroy",
    input=schemas.PhoneNumberRef,
    output=schemas.Released,
    run=service.release,
    errors=(NOT_FOUND,),
    http=Http("DELETE", "/v1/phone-numbers/{id}", tag=TAG),
    tool=ToolBinding(
        "release_phone_number",
        "Release phone number",
        "Use only when the person asked to remove this number from Speko; calls no longer reach its agent.",
        toolset="calls",
        next_steps=("list_phone_numbers to see what is left",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, IMPORT, GET, UPDATE, RELEASE)
