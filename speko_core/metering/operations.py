"""Usage and credit as operations."""

from speko_core.metering import schemas, service
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Nothing

USAGE = Operation(
    id="usage.get",
    summary="Get usage",
    description="What the organization's provider calls consumed and cost in a period, by provider. Calls with the "
    "organization's own keys and offline providers cost nothing.",
    scope="account:read",
    effect="read",
    input=schemas.UsageQuery,
    output=schemas.UsageSummary,
    run=service.usage,
    http=Http("GET", "/v1/usage", tag="Billing"),
    tool=ToolBinding(
        "get_usage",
        "Get usage",
        "Use to see what was consumed and what it cost. Takes from and to as ISO dates (default: this month). Returns "
        "totals and one row for each provider, modality and key source, costs in USD.",
        toolset="account",
        next_steps=("get_balance for the credit that is left",),
    ),
)
BALANCE = Operation(
    id="credits.balance",
    summary="Get the credit balance",
    scope="account:read",
    effect="read",
    input=Nothing,
    output=schemas.BalanceRow,
    run=service.balance,
    http=Http("GET", "/v1/credits/balance", tag="Billing"),
    tool=ToolBinding(
        "get_balance",
        "Get balance",
        "Use to see the organization's credit in USD before something that spends it, or when a call was refused with "
        "INSUFFICIENT_CREDITS. Calls with the organization's own provider keys need no credit.",
        toolset="account",
        next_steps=("get_usage to see where credit went",),
    ),
)
LEDGER = Operation(
    id="credits.ledger",
    summary="Read the credit ledger",
    description="Every movement of credit, newest first; the sum of all amounts is the balance.",
    scope="account:read",
    effect="read",
    input=schemas.LedgerQuery,
    output=schemas.LedgerPage,
    run=service.ledger,
    http=Http("GET", "/v1/credits/ledger", tag="Billing"),
    tool=ToolBinding(
        "list_credit_ledger",
        "List credit ledger",
        "Use to see every movement of credit, newest first, with its reason. Pass nextCursor as cursor for older ones.",
        toolset="account",
        next_steps=("get_usage for what the calls consumed",),
        listed=False,
    ),
)
GRANT = Operation(
    id="credits.grant",
    summary="Move credit",
    description="For the operator of the installation: grant, top up, refund or adjust an organization's credit.",
    scope="account:write",
    effect="write",
    input=schemas.GrantCreate,
    output=schemas.LedgerRow,
    run=service.grant,
    errors=(
        ErrorCase(403, "FORBIDDEN", "The caller does not operate this installation, or uses a test key."),
        ErrorCase(404, "NOT_FOUND", "No organization has this id."),
        ErrorCase(409, "INSUFFICIENT_BALANCE", "The adjustment would take more than there is."),
    ),
    http=Http("POST", "/v1/credits/grants", 201, tag="Billing"),
    tool=ToolBinding(
        "move_credit",
        "Move credit",
        "Use only when the operator of this installation asks to grant, top up, refund or adjust an organization's "
        "credit. Refused to everybody else and to test keys.",
        toolset="account",
        next_steps=("get_balance for the new balance", "list_credit_ledger for the movement"),
        listed=False,
    ),
)
LIMIT_GET = Operation(
    id="credits.limit",
    summary="Get the spend limit",
    scope="account:read",
    effect="read",
    input=Nothing,
    output=schemas.LimitRow,
    run=service.get_limit,
    http=Http("GET", "/v1/credits/limit", tag="Billing"),
    tool=ToolBinding(
        "get_spend_limit",
        "Get spend limit",
        "Use when calls are refused with SPEND_LIMIT_REACHED, or to see what a month may cost.",
        toolset="account",
        next_steps=("set_spend_limit to change it",),
        listed=False,
    ),
)
LIMIT_SET = Operation(
    id="credits.set_limit",
    summary="Set the spend limit",
    description="Managed calls are refused with 402 `SPEND_LIMIT_REACHED` once a calendar month has cost this much.",
    scope="account:write",
    effect="write",
    input=schemas.LimitUpdate,
    output=schemas.LimitRow,
    run=service.set_limit,
    http=Http("PUT", "/v1/credits/limit", tag="Billing"),
    tool=ToolBinding(
        "set_spend_limit",
        "Set spend limit",
        "Use when the person asks to cap what a calendar month may cost, or to lift the cap.",
        toolset="account",
        next_steps=("get_usage for this month so far",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (USAGE, BALANCE, LEDGER, GRANT, LIMIT_GET, LIMIT_SET)
