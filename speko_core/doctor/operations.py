"""The doctor as an operation."""

from speko_core.doctor import schemas, service
from speko_core.operations import AnyOperation, Http, Operation, ToolBinding
from speko_core.schemas import Nothing

RUN = Operation(
    id="doctor.run",
    summary="Run the doctor",
    description="Whether sessions can run for this organization and what to do if not; for owners and admins of the "
    "organization that operates the installation, every check of `speko doctor` too.",
    scope="account:read",
    effect="read",
    input=Nothing,
    output=schemas.Report,
    run=service.run,
    http=Http("GET", "/v1/doctor", tag="Account"),
    tool=ToolBinding(
        "run_doctor",
        "Run doctor",
        "Use when something does not work: a session nobody answers, no voice, a provider that fails. Checks workers, "
        "agents and credit, and for the operator the whole machine. Returns each check with what to do.",
        toolset="account",
        next_steps=("preview_stack when a provider is missing", "list_sessions for sessions that failed"),
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (RUN,)
