"""Secrets that a tool's source names by reference: sealed beside the agent, opened only to make a request."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.agents.models import AgentSecret
from speko_core.context import Ctx
from speko_core.ids import new_id
from speko_core.ports.secrets import Secrets


def signing_ref(agent_id: str, tool_name: str) -> str:
    """How a tool's signing secret is named on the wire; also what finds the tool when it comes back."""
    return f"webhook:{agent_id}:{tool_name}"


def header_ref(agent_id: str, tool_name: str, header: str) -> str:
    """How the value of a tool's secret header is named."""
    return f"{signing_ref(agent_id, tool_name)}:{header.lower()}"


def agent_of(secret_ref: str) -> tuple[str, str] | None:
    """The agent's id and the tool's name in a reference of ours; None for any other text."""
    parts = secret_ref.split(":")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "webhook" else None


async def keep(ctx: Ctx, agent_id: str, values: Mapping[str, str]) -> None:
    """Seal values by reference, replacing what was there."""
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
