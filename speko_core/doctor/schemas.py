"""What the doctor answers over REST and MCP."""

from speko_core.doctor.finding import State
from speko_core.schemas import Output


class CheckRow(Output):
    """One thing that was looked at."""

    check: str
    state: State
    detail: str
    fix: str


class Report(Output):
    """Every check the caller may see. `ok` is false when one failed; warnings do not count."""

    ok: bool
    scope: str
    checks: list[CheckRow]
