"""The files of documents: where they are, and their removal with an agent."""

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.deps import Deps
from speko_core.knowledge import repository
from speko_core.knowledge.models import KnowledgeDocument
from speko_core.removal import remove_folder


def organization_folder(organization_id: str) -> str:
    """Where the files of all knowledge bases of an organization are."""
    return f"knowledge/{organization_id}"


def folder(organization_id: str, base_id: str) -> str:
    """Where the files of a knowledge base are."""
    return f"{organization_folder(organization_id)}/{base_id}"


def key(row: KnowledgeDocument) -> str:
    """Where the file of a document is."""
    return f"{folder(row.organization_id, row.knowledge_base_id)}/{row.id}"


async def forget_agent(deps: Deps, db: AsyncSession, agent_id: str) -> None:
    """Remove the files of an agent that is being deleted; its rows go with it."""
    for counted in await repository.bases(db, agent_id):
        if counted.documents:
            await remove_folder(deps, db, folder(counted.base.organization_id, counted.base.id))
