"""The organization's settings."""

from sqlalchemy import select

from speko_core.accounts.models import Organization
from speko_core.context import Ctx
from speko_core.errors import Conflict
from speko_core.organizations.schemas import OrganizationRow, OrganizationUpdate
from speko_core.schemas import Nothing


async def get(ctx: Ctx, data: Nothing) -> OrganizationRow:
    """The organization's settings."""
    return OrganizationRow.model_validate(await _organization(ctx))


async def update(ctx: Ctx, data: OrganizationUpdate) -> OrganizationRow:
    """Change the given settings. HIPAA mode switches recording off; leaving the mode does not switch it on again.

    Raises:
        Conflict: `RECORDING_LOCKED`, recording was asked for in HIPAA mode.
    """
    organization = await _organization(ctx, locked=True)
    for name in data.model_fields_set:
        setattr(organization, name, getattr(data, name))
    if organization.hipaa_mode:
        if data.recording_enabled:
            raise Conflict("Recording is locked off by HIPAA mode.", "RECORDING_LOCKED", hint="Leave hipaaMode first.")
        organization.recording_enabled = False
    organization.updated_at = ctx.now()
    await ctx.db.flush()
    ctx.resource_id = organization.id
    return OrganizationRow.model_validate(organization)


async def _organization(ctx: Ctx, *, locked: bool = False) -> Organization:
    statement = select(Organization).where(Organization.id == ctx.organization_id)
    return (await ctx.db.execute(statement.with_for_update() if locked else statement)).scalar_one()
