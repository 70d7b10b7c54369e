"""A new organization: its owner, its first agent, its starting credit (ORG-2)."""

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.models import Membership, Organization
from speko_core.agents import service as agents
from speko_core.agents.config import AgentIntent
from speko_core.agents.schemas import AgentCreate
from speko_core.context import Ctx
from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_core.metering.service import starting_credit
from speko_core.principal import ALL_SCOPES, Principal
from speko_core.prompting import prompt


async def found(deps: Deps, db: AsyncSession, organization_id: str, name: str, owner_id: str) -> Ctx:
    """Make an organization; `db` is a transaction inside it, although it does not exist yet.

    Returns what acts in it as the system, for more of the same transaction; the caller runs its after-commit work.
    """
    now = deps.clock.now()
    db.add(Organization(id=organization_id, name=name, created_at=now, updated_at=now))
    await db.flush()
    db.add(
        Membership(id=new_id("member"), organization_id=organization_id, user_id=owner_id, role="owner", created_at=now)
    )
    await db.flush()
    principal = Principal("system", "founding", organization_id, ALL_SCOPES, user_id=owner_id)
    ctx = Ctx(principal, deps, db, "web", new_id("req"))
    await agents.create(ctx, _default_agent())
    await starting_credit(ctx)
    return ctx


def _default_agent() -> AgentCreate:
    return AgentCreate(
        name="Default",
        system_prompt=prompt("default_agent"),
        intent=AgentIntent(language="en-US"),
        first_message="Hello, how can I help you?",
    )
