"""Giving up documents that were announced and never finalized, with what was uploaded of them."""

from collections.abc import Sequence
from datetime import timedelta

from speko_core.deps import Deps
from speko_core.knowledge import files, repository
from speko_core.ports.jobs import JobKind
from speko_core.removal import remove_file
from speko_core.types import JsonObject

EVERY_S = 3600.0
BATCH = 200
# Far longer than an upload URL holds.
PATIENCE = timedelta(days=1)
TOO_LATE = "No file was uploaded and finalized within a day. Create the document again."


async def sweep(deps: Deps, args: JsonObject) -> JsonObject:
    """Fail every document that waits too long; repeating it finds nothing more."""
    given_up = 0
    while waiting := await _waiting(deps, BATCH):
        for organization_id, document_id in waiting:
            await _give_up(deps, organization_id, document_id)
        given_up += len(waiting)
    return {"documents": given_up}


async def anything_waiting(deps: Deps) -> bool:
    """True when `sweep` has work."""
    return bool(await _waiting(deps, 1))


async def _waiting(deps: Deps, limit: int) -> Sequence[tuple[str, str]]:
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        return await repository.pending_since(db, deps.clock.now() - PATIENCE, limit)


async def _give_up(deps: Deps, organization_id: str, document_id: str) -> None:
    async with deps.database.transaction(organization_id) as db:
        row = await repository.locked(db, document_id)
        if row is not None and row.status == "pending":
            row.status, row.error_message, row.updated_at = "failed", TOO_LATE, deps.clock.now()
            await remove_file(deps, db, files.key(row))


SWEEP = JobKind(
    name="knowledge.sweep",
    run=sweep,
    every_s=EVERY_S,
    due=anything_waiting,
    summary="Gives up documents that were announced a day ago and never finalized.",
)
