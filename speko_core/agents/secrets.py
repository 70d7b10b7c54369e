"""Secrets that an agent's settings and tools name by reference, sealed."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.agents.models import AgentSecret
from speko_core.context import Ctx
from speko_core.ids import new_id
from speko_core.ports.secrets import Secrets


async def keep_secret(ctx: Ctx, agent_id: str, ref: str, value: str) -> None:
    """Seal a value under its reference; a later one replaces it, for every version that names it."""
    row = await _row(ctx.db, agent_id, ref) or _new(ctx, agent_id, ref)
    row.sealed, row.updated_at = ctx.deps.secrets.seal(value.encode(), bound_to=row.id), ctx.now()
    ctx.db.add(row)


async def has_secret(db: AsyncSession, agent_id: str, ref: str) -> bool:
    """True when a value is kept under this reference."""
    return await _row(db, agent_id, ref) is not None


async def reveal_secret(db: AsyncSession, secrets: Secrets, agent_id: str, ref: str) -> str | None:
    """The value in the clear, for the moment of its use; None where nothing is kept."""
    row = await _row(db, agent_id, ref)
    return secrets.open(row.sealed, bound_to=row.id).decode() if row else None


async def _row(db: AsyncSession, agent_id: str, ref: str) -> AgentSecret | None:
    statement = select(AgentSecret).where(AgentSecret.agent_id == agent_id, AgentSecret.ref == ref)
    return (await db.execute(statement)).scalar_one_or_none()


def _new(ctx: Ctx, agent_id: str, ref: str) -> AgentSecret:
    return AgentSecret(
        id=new_id("secret"),
        organization_id=ctx.organization_id,
        agent_id=agent_id,
        ref=ref,
        created_at=ctx.now(),
    )
