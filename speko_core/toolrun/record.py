"""The record of calls within a session: who claims a call runs it, everybody else gets its outcome."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_core.toolrun.models import ToolCallRow
from speko_core.toolrun.outcome import Outcome, failed

POLL_S = 0.1
# Longer than any tool may take: who started the call is gone.
ABANDONED = timedelta(seconds=45)
LOST = "The tool was called before and was interrupted; whether it took effect is unknown. Do not repeat it unasked."


@dataclass(frozen=True)
class Claim:
    """What is written of a call before it is made."""

    organization_id: str
    session_id: str
    agent_id: str | None
    key: str
    name: str
    kind: str
    args: str
    asynchronous: bool = False


async def claim(deps: Deps, wanted: Claim, db: AsyncSession) -> bool:
    """True for the one who may make the call; False when it was claimed before."""
    now = deps.clock.now()
    row = ToolCallRow(
        id=new_id("call"),
        organization_id=wanted.organization_id,
        session_id=wanted.session_id,
        agent_id=wanted.agent_id,
        key=wanted.key,
        name=wanted.name,
        kind=wanted.kind,
        asynchronous=wanted.asynchronous,
        args=wanted.args,
        status="started",
        created_at=now,
        updated_at=now,
    )
    try:
        async with db.begin_nested():
            db.add(row)
    except IntegrityError:
        return False
    return True


async def finish(deps: Deps, organization_id: str, key: str, outcome: Outcome) -> None:
    """Write how the call ended."""
    now = deps.clock.now()
    values = {"status": "failed" if outcome.failed else "completed", "result": outcome.text, "ended_at": now}
    statement = update(ToolCallRow).where(ToolCallRow.organization_id == organization_id, ToolCallRow.key == key)
    async with deps.database.transaction(organization_id) as db:
        await db.execute(statement.values(**values, updated_at=now).execution_options(synchronize_session=False))


async def outcome_of(deps: Deps, organization_id: str, key: str, wait_s: float) -> Outcome:
    """How the call that somebody else makes ended, or will have ended within `wait_s` seconds."""
    deadline = deps.clock.monotonic() + wait_s
    while True:
        row = await _row(deps, organization_id, key)
        if row is None:
            return failed(LOST)
        if row.status != "started":
            return Outcome(row.result or "", failed=row.status == "failed")
        if deps.clock.now() - row.created_at > ABANDONED or deps.clock.monotonic() >= deadline:
            return failed(LOST)
        await asyncio.sleep(POLL_S)


async def _row(deps: Deps, organization_id: str, key: str) -> ToolCallRow | None:
    statement = select(ToolCallRow).where(ToolCallRow.organization_id == organization_id, ToolCallRow.key == key)
    async with deps.database.transaction(organization_id, read_only=True) as db:
        return (await db.execute(statement)).scalar_one_or_none()


async def late_results(db: AsyncSession, session_id: str, limit: int) -> list[ToolCallRow]:
    """The newest asynchronous calls of a session that have ended, oldest first."""
    statement = (
        select(ToolCallRow)
        .where(
            ToolCallRow.session_id == session_id, ToolCallRow.asynchronous.is_(True), ToolCallRow.status != "started"
        )
        .order_by(ToolCallRow.created_at.desc(), ToolCallRow.id.desc())
        .limit(limit)
    )
    return list(reversed((await db.execute(statement)).scalars().all()))
