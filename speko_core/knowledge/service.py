"""What can be done with knowledge bases."""

from dataclasses import asdict

from speko_core.agents import repository as agents
from speko_core.context import Ctx
from speko_core.errors import NotFound
from speko_core.ids import new_id
from speko_core.knowledge import files, repository
from speko_core.knowledge.models import KnowledgeBase
from speko_core.knowledge.repository import Counted
from speko_core.knowledge.schemas import (
    KnowledgeBaseCreate,
    KnowledgeBaseList,
    KnowledgeBaseRef,
    KnowledgeBaseRow,
    KnowledgeHit,
    KnowledgeHits,
    KnowledgeSearch,
)
from speko_core.knowledge.search import search_bases
from speko_core.removal import remove_folder
from speko_core.schemas import Deleted


async def list_bases(ctx: Ctx, data: KnowledgeBaseList) -> list[KnowledgeBaseRow]:
    """Every knowledge base of the organization, or of one agent, oldest first."""
    return [_row(ctx, counted) for counted in await repository.bases(ctx.db, data.agent_id)]


async def get(ctx: Ctx, data: KnowledgeBaseRef) -> KnowledgeBaseRow:
    """One knowledge base."""
    return _row(ctx, await found(ctx, data.id))


async def create(ctx: Ctx, data: KnowledgeBaseCreate) -> KnowledgeBaseRow:
    """An empty knowledge base for an agent."""
    if await agents.get(ctx.db, data.agent_id) is None:
        raise NotFound("not found", hint="List the agents to find an id.")
    base = KnowledgeBase(
        id=new_id("kb"),
        organization_id=ctx.organization_id,
        agent_id=data.agent_id,
        name=data.name,
        description=data.description,
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )
    ctx.db.add(base)
    return _row(ctx, Counted(base, documents=0, chunks=0))


async def delete(ctx: Ctx, data: KnowledgeBaseRef) -> Deleted:
    """Delete a knowledge base with its documents, their passages and files."""
    counted = await found(ctx, data.id)
    ctx.resource_id = counted.base.id
    if counted.documents:
        await remove_folder(ctx.deps, ctx.db, files.folder(ctx.organization_id, counted.base.id))
    await ctx.db.delete(counted.base)
    return Deleted(deleted=True)


async def search(ctx: Ctx, data: KnowledgeSearch) -> KnowledgeHits:
    """The passages that answer a question best."""
    base = (await found(ctx, data.id)).base
    hits = await search_bases(ctx.db, ctx.deps, ctx.organization_id, [base], data.query, data.limit, data.mode)
    return KnowledgeHits(results=[KnowledgeHit.model_validate(asdict(hit)) for hit in hits])


async def found(ctx: Ctx, base_id: str) -> Counted:
    """One knowledge base of the organization.

    Raises:
        NotFound: there is none with this id.
    """
    counted = await repository.base(ctx.db, base_id)
    if counted is None:
        raise NotFound("not found", hint="List the knowledge bases to find an id.")
    return counted


def _row(ctx: Ctx, counted: Counted) -> KnowledgeBaseRow:
    base = counted.base
    return KnowledgeBaseRow(
        id=base.id,
        organization_id=base.organization_id,
        agent_id=base.agent_id,
        name=base.name,
        description=base.description,
        embedding_model=base.embedding_model or ctx.deps.embedders.configured,
        document_count=counted.documents,
        chunk_count=counted.chunks,
        created_at=base.created_at,
        updated_at=base.updated_at,
    )
