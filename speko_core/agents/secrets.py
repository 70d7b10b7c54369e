"""Secrets that an agent's settings and tools name by reference: sealed beside the agent, opened only to be used."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.agents.models import AgentSecret
from speko_core.ids import new_id
from speko_core.ports.secrets import Secrets

if TYPE_CHECKING:
    # What a process talks to opens secrets too, and `Ctx` is built on it.
    from speko_core.context import Ctx


async def keep(ctx: "Ctx", agent_id: str, values: Mapping[str, str]) -> None:
    """Seal values by reference, replacing what was there, for every version that names them."""
    known = {row.ref: row for row in await _rows(ctx.db, agent_id, values)}
    for ref, value in values.items():
        row = known.get(ref) or AgentSecret(
            id=new_id("secret"),
            organization_id=ctx.organization_id,
            agent_id=agent_id,
            ref=ref,
            created_at=ctx.now(),
        )
        row.sealed = ctx.deps.secrets.seal(value.encode(), bound_to=_binding(row))
        row.updated_at = ctx.now()
        ctx.db.add(row)


async def forget(db: AsyncSession, agent_id: str, refs: Iterable[str]) -> None:
    """Delete the values of these references."""
    for row in await _rows(db, agent_id, refs):
        await db.delete(row)


async def known_refs(db: AsyncSession, agent_id: str, refs: Iterable[str]) -> frozenset[str]:
    """Which of these references have a value."""
    return frozenset(row.ref for row in await _rows(db, agent_id, refs))


async def reveal(db: AsyncSession, secrets: Secrets, agent_id: str, refs: Iterable[str]) -> dict[str, str]:
    """The values of those references that have one, opened."""
    rows = await _rows(db, agent_id, refs)
    return {row.ref: secrets.open(row.sealed, bound_to=_binding(row)).decode() for row in rows}


async def _rows(db: AsyncSession, agent_id: str, refs: Iterable[str]) -> list[AgentSecret]:
    wanted = list(refs)
    if not wanted:
        return []
    statement = select(AgentSecret).where(AgentSecret.agent_id == agent_id, AgentSecret.ref.in_(wanted))
    return list((await db.execute(statement)).scalars())


def _binding(row: AgentSecret) -> str:
    return f"{row.organization_id}/{row.id}"
