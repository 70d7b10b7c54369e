"""The retention sweep (OPS-4): what has outlived its purpose is deleted, and what was deleted is reported.

Per organization the counts go into its audit log; the whole report is the result of the run. Ledger entries and
balances are never touched: they are the books. What decisions were made from is shared by content, small, and stays.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts import sweep as accounts
from speko_core.accounts.models import AuditEntry, IdempotencyRecord, Organization, RoleLease
from speko_core.adapters.blob_urls import USED_URLS
from speko_core.db.base import Base
from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_core.metering.models import UsageEvent
from speko_core.organizations import exports
from speko_core.ports.jobs import JobKind
from speko_core.recordings.rules import file_key
from speko_core.routing.decisions_models import RoutingDecision
from speko_core.sessions import repository
from speko_core.sessions.models import SessionTurn, VoiceSession
from speko_core.types import JsonObject

logger = logging.getLogger(__name__)

EVERY_S = 3600.0
BATCH = 100
# Rows of calls are short and many; a batch holds SQLite's only writer for some milliseconds.
CALL_BATCH = 1000
IDEMPOTENCY = timedelta(hours=24)
DEAD_LEASES = timedelta(hours=1)
USED_URL_MARKS = timedelta(days=1)
FINISHED_JOBS = timedelta(days=7)


@dataclass
class Swept:
    """Counts of one organization."""

    sessions: int = 0
    turns: int = 0
    recordings: int = 0
    idempotency_keys: int = 0
    decisions: int = 0
    usage_rows: int = 0


@dataclass(frozen=True)
class _Policy:
    """How many days an organization keeps its calls, their recordings, and their transcripts where that is less."""

    organization_id: str
    days: int
    recording_days: int
    transcript_days: int | None


async def sweep(deps: Deps, args: JsonObject) -> JsonObject:
    """Delete what is past its time; repeating it finds nothing more."""
    total = Swept()
    for policy in await _policies(deps):
        swept = await _sweep_organization(deps, policy)
        total.sessions += swept.sessions
        total.turns += swept.turns
        total.recordings += swept.recordings
        total.idempotency_keys += swept.idempotency_keys
        total.decisions += swept.decisions
        total.usage_rows += swept.usage_rows
    report: JsonObject = {
        "sessions": total.sessions,
        "turns": total.turns,
        "recordings": total.recordings,
        "idempotencyKeys": total.idempotency_keys,
        "decisions": total.decisions,
        "usageRows": total.usage_rows,
        **await _sweep_installation(deps),
        "exports": await deps.blobs.delete_below(exports.FOLDER, before=deps.clock.now() - exports.KEPT),
        "usedUrls": await deps.blobs.delete_below(USED_URLS, before=deps.clock.now() - USED_URL_MARKS),
        "jobs": await deps.jobs.forget_finished(deps.clock.now() - FINISHED_JOBS),
    }
    logger.info("retention sweep", extra={"deleted": report})
    return report


async def _policies(deps: Deps) -> list[_Policy]:
    columns = (
        Organization.id,
        Organization.retention_days,
        Organization.recording_retention_days,
        Organization.transcript_retention_days,
    )
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        rows = (await db.execute(select(*columns).order_by(Organization.id))).all()
    calls, recordings = deps.settings.metadata_retention_days, deps.settings.recording_retention_days
    return [
        _Policy(row_id, days or calls, min(recorded or recordings, days or calls), transcripts)
        for row_id, days, recorded, transcripts in rows
    ]


async def _sweep_organization(deps: Deps, policy: _Policy) -> Swept:
    swept, organization_id = Swept(), policy.organization_id
    while await _sweep_recordings(deps, organization_id, policy.recording_days, swept):
        continue
    while await _sweep_sessions(deps, organization_id, policy.days, swept):
        continue
    while policy.transcript_days and await _sweep_transcripts(deps, organization_id, policy.transcript_days, swept):
        continue
    async with deps.database.transaction(organization_id) as db:
        old = IdempotencyRecord.created_at < deps.clock.now() - IDEMPOTENCY
        swept.idempotency_keys = await _delete(db, IdempotencyRecord, old)
    settings = deps.settings
    swept.decisions = await _sweep_calls(deps, organization_id, RoutingDecision, settings.decision_retention_days)
    swept.usage_rows = await _sweep_calls(deps, organization_id, UsageEvent, settings.usage_retention_days)
    return swept


async def _sweep_calls(
    deps: Deps, organization_id: str, table: type[RoutingDecision] | type[UsageEvent], days: int
) -> int:
    """Delete what is older than `days` in batches, each its own transaction; 0 days means for good."""
    deleted, full = 0, days > 0
    while full:
        async with deps.database.transaction(organization_id) as db:
            old = select(table.id).where(table.created_at < deps.clock.now() - timedelta(days=days)).limit(CALL_BATCH)
            ids = (await db.execute(old)).scalars().all()
            deleted += await _delete(db, table, table.id.in_(ids)) if ids else 0
        full = len(ids) == CALL_BATCH
    return deleted


async def _sweep_sessions(deps: Deps, organization_id: str, days: int, swept: Swept) -> bool:
    """Delete one batch with its entry in the audit log; False when there was none."""
    async with deps.database.transaction(organization_id) as db:
        # One whose file is still there is left to the next run: its row says where the file is.
        before = deps.clock.now() - timedelta(days=days)
        ids = await repository.finished_before(db, before, BATCH, with_recording=False)
        if not ids:
            return False
        turns = await _delete(db, SessionTurn, SessionTurn.session_id.in_(ids))
        sessions = await _delete(db, VoiceSession, VoiceSession.id.in_(ids))
        db.add(_audit(deps, organization_id, f"sessions={sessions} turns={turns}"))
    swept.sessions += sessions
    swept.turns += turns
    return True


async def _sweep_transcripts(deps: Deps, organization_id: str, days: int, swept: Swept) -> bool:
    """Delete what was said in one batch of sessions, which stay without it; False when there was none."""
    before = deps.clock.now() - timedelta(days=days)
    async with deps.database.transaction(organization_id) as db:
        ids = await repository.finished_before(db, before, BATCH, with_turns=True)
        if not ids:
            return False
        turns = await _delete(db, SessionTurn, SessionTurn.session_id.in_(ids))
        db.add(_audit(deps, organization_id, f"sessions=0 turns={turns}"))
    swept.turns += turns
    return True


async def _sweep_recordings(deps: Deps, organization_id: str, days: int, swept: Swept) -> bool:
    """Delete one batch of recordings, whose sessions stay without them; False when there was none."""
    before = deps.clock.now() - timedelta(days=days)
    async with deps.database.transaction(organization_id, read_only=True) as db:
        ids = await repository.finished_before(db, before, BATCH, with_recording=True)
    if not ids:
        return False
    for session_id in ids:
        await deps.blobs.delete(file_key(organization_id, session_id))
    gone = update(VoiceSession).where(VoiceSession.id.in_(ids))
    async with deps.database.transaction(organization_id) as db:
        await db.execute(
            gone.values(recording_status=None, recording_object_path=None).execution_options(synchronize_session=False)
        )
        db.add(_audit(deps, organization_id, f"recordings={len(ids)}"))
    swept.recordings += len(ids)
    return True


def _audit(deps: Deps, organization_id: str, counts: str) -> AuditEntry:
    return AuditEntry(
        id=new_id("audit"),
        organization_id=organization_id,
        operation="retention.sweep",
        resource_id=counts,
        actor_kind="system",
        actor_id="retention",
        door="job",
        created_at=deps.clock.now(),
    )


async def _sweep_installation(deps: Deps) -> JsonObject:
    now = deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        return {
            **await accounts.sweep(db, now),
            "roleLeases": await _delete(db, RoleLease, RoleLease.last_seen_at < now - DEAD_LEASES),
        }


async def _delete(db: AsyncSession, table: type[Base], condition: ColumnElement[bool]) -> int:
    statement = delete(table).where(condition).execution_options(synchronize_session=False)
    return cast("CursorResult[object]", await db.execute(statement)).rowcount


RETENTION = JobKind(
    name="retention.sweep",
    run=sweep,
    every_s=EVERY_S,
    summary="Deletes sessions, transcripts and credentials that are past their time, and reports how many.",
)
