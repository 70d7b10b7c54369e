"""The doctor as an operation: what concerns the caller's organization, and for the operator the whole machine."""

from speko_core.accounts.repository import first_organization
from speko_core.agents import repository as agents
from speko_core.context import Ctx
from speko_core.doctor.examine import examine
from speko_core.doctor.finding import Finding
from speko_core.doctor.schemas import CheckRow, Report
from speko_core.metering import repository as metering
from speko_core.readiness import check_readiness
from speko_core.schemas import Nothing

_ROLE_FIX = "Tell the operator of this installation; `speko up` starts every role."


async def run(ctx: Ctx, data: Nothing) -> Report:
    """Look, and change nothing. Paths, ports and settings are for the operator's owners and admins only."""
    operates = ctx.organization_id == await first_organization(ctx.db)
    operator = operates and ctx.principal.may("account:write")
    findings = [*await _service(ctx), await _agents(ctx), await _credit(ctx), *(await examine() if operator else ())]
    return Report(
        ok=not any(finding.state == "fail" for finding in findings),
        scope="installation" if operator else "organization",
        checks=[CheckRow.model_validate(finding) for finding in findings],
    )


async def _service(ctx: Ctx) -> list[Finding]:
    parts = (await check_readiness(ctx.deps)).parts
    return [
        Finding(part, "ok", "ready") if ready else Finding(part, "fail", "no live process", _ROLE_FIX)
        for part, ready in parts.items()
    ]


async def _agents(ctx: Ctx) -> Finding:
    count = len(await agents.every(ctx.db))
    if count == 0:
        return Finding("agents", "warn", "none", "Create an agent: create_agent, or POST /v1/agents.")
    return Finding("agents", "ok", f"{count}")


async def _credit(ctx: Ctx) -> Finding:
    row = await metering.balance(ctx.db)
    if ctx.principal.mode == "test" or (row is not None and row.micro_usd > 0):
        return Finding("credit", "ok", "test key, never billed" if ctx.principal.mode == "test" else "there is credit")
    fix = "Offline providers and your own provider keys work without; the operator grants credit."
    return Finding("credit", "warn", "no credit for managed providers", fix)
