"""Removing files from the store once the transaction that forgot them is durable."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_core.ports.jobs import DOCUMENTS, JobKind
from speko_core.types import JsonObject


async def remove_file(deps: Deps, db: AsyncSession, key: str) -> None:
    """Remove one file once this transaction is durable."""
    await deps.jobs.enqueue(REMOVE.name, {"file": key}, job_id=new_id("blobs"), within=db, queue=DOCUMENTS)


async def remove_folder(deps: Deps, db: AsyncSession, prefix: str) -> None:
    """Remove all files of a folder once this transaction is durable."""
    await deps.jobs.enqueue(REMOVE.name, {"folder": prefix}, job_id=new_id("blobs"), within=db, queue=DOCUMENTS)


async def remove(deps: Deps, args: JsonObject) -> JsonObject:
    """Remove what one of the two asked for."""
    if "folder" in args:
        return {"removed": await deps.blobs.delete_below(str(args["folder"]))}
    await deps.blobs.delete(str(args["file"]))
    return {"removed": 1}


REMOVE = JobKind(
    name="blobs.remove",
    run=remove,
    summary="Removes files of what was deleted: documents, recordings.",
    retry_delays_s=(10.0, 60.0, 600.0),
    queue=DOCUMENTS,
)
# Jobs that were queued under the name of before find their way.
_EARLIER = replace(REMOVE, name="knowledge.remove_files")
KINDS: tuple[JobKind, ...] = (REMOVE, _EARLIER)
