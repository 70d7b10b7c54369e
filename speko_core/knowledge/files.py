"""The files of documents: where they are, and their removal after the rows are gone."""

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_core.knowledge import repository
from speko_core.knowledge.models import KnowledgeDocument
from speko_core.ports.jobs import DOCUMENTS, JobKind
from speko_core.types import JsonObject


def folder(organization_id: str, base_id: str) -> str:
    """Where the files of a knowledge base are."""
    return f"knowledge/{organization_id}/{base_id}"


def key(row: KnowledgeDocument) -> str:
    """Where the file of a document is."""
    return f"{folder(row.organization_id, row.knowledge_base_id)}/{row.id}"


async def remove_file(deps: Deps, db: AsyncSession, file_key: str) -> None:
    """Remove one file once this transaction is durable."""
    await deps.jobs.enqueue(REMOVE.name, {"file": file_key}, job_id=new_id("blobs"), within=db, queue=DOCUMENTS)


async def remove_folder(deps: Deps, db: AsyncSession, prefix: str) -> None:
    """Remove all files of a folder once this transaction is durable."""
    await deps.jobs.enqueue(REMOVE.name, {"folder": prefix}, job_id=new_id("blobs"), within=db, queue=DOCUMENTS)


async def forget_agent(deps: Deps, db: AsyncSession, agent_id: str) -> None:
    """Remove the files of an agent that is being deleted; its rows go with it."""
    for counted in await repository.bases(db, agent_id):
        if counted.documents:
            await remove_folder(deps, db, folder(counted.base.organization_id, counted.base.id))


async def remove(deps: Deps, args: JsonObject) -> JsonObject:
    """Remove what one of the two asked for."""
    if "folder" in args:
        return {"removed": await deps.blobs.delete_below(str(args["folder"]))}
    await deps.blobs.delete(str(args["file"]))
    return {"removed": 1}


REMOVE = JobKind(
    name="knowledge.remove_files",
    run=remove,
    summary="Removes the files of deleted documents.",
    retry_delays_s=(10.0, 60.0, 600.0),
    queue=DOCUMENTS,
)
