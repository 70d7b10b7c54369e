"""Every query about knowledge bases, their documents and chunks, but for the search."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.ids import new_id
from speko_core.knowledge.models import HEADING_LENGTH, KnowledgeBase, KnowledgeChunk, KnowledgeDocument
from speko_core.knowledge.passages import Passage

DEFAULT_NAME = "Default"


@dataclass(frozen=True)
class Counted:
    """A knowledge base with what is in it."""

    base: KnowledgeBase
    documents: int
    chunks: int


async def create_default(db: AsyncSession, organization_id: str, agent_id: str, now: datetime) -> KnowledgeBase:
    """The knowledge base that every agent begins with; the agent's row is written already."""
    base = KnowledgeBase(
        id=new_id("kb"),
        organization_id=organization_id,
        agent_id=agent_id,
        name=DEFAULT_NAME,
        created_at=now,
        updated_at=now,
    )
    db.add(base)
    await db.flush()
    return base


async def bases(db: AsyncSession, agent_id: str | None = None) -> Sequence[Counted]:
    """The organization's, or one agent's, oldest first."""
    statement = _counted().order_by(KnowledgeBase.created_at, KnowledgeBase.id)
    if agent_id is not None:
        statement = statement.where(KnowledgeBase.agent_id == agent_id)
    return [Counted(*row) for row in await db.execute(statement)]


async def base(db: AsyncSession, base_id: str) -> Counted | None:
    """One knowledge base with its counts."""
    found = (await db.execute(_counted().where(KnowledgeBase.id == base_id))).one_or_none()
    return Counted(*found) if found is not None else None


def _counted() -> Select[KnowledgeBase, int, int]:
    documents = (
        select(
            KnowledgeDocument.knowledge_base_id,
            func.count().label("documents"),
            func.sum(KnowledgeDocument.chunk_count).label("chunks"),
        )
        .group_by(KnowledgeDocument.knowledge_base_id)
        .subquery()
    )
    counts = (func.coalesce(documents.c.documents, 0), func.coalesce(documents.c.chunks, 0))
    return select(KnowledgeBase, *counts).outerjoin(documents, documents.c.knowledge_base_id == KnowledgeBase.id)


async def documents(db: AsyncSession, base_id: str) -> Sequence[KnowledgeDocument]:
    """All of a knowledge base, oldest first."""
    statement = select(KnowledgeDocument).where(KnowledgeDocument.knowledge_base_id == base_id)
    return (await db.scalars(statement.order_by(KnowledgeDocument.created_at, KnowledgeDocument.id))).all()


async def document(db: AsyncSession, base_id: str, document_id: str) -> KnowledgeDocument | None:
    """One document of a knowledge base."""
    statement = select(KnowledgeDocument).where(
        KnowledgeDocument.id == document_id, KnowledgeDocument.knowledge_base_id == base_id
    )
    return (await db.scalars(statement)).one_or_none()


async def locked(db: AsyncSession, document_id: str) -> KnowledgeDocument | None:
    """One document, held until the transaction ends."""
    return (
        await db.scalars(select(KnowledgeDocument).where(KnowledgeDocument.id == document_id).with_for_update())
    ).one_or_none()


async def exists(db: AsyncSession, document_id: str) -> bool:
    """False when the document was deleted."""
    found = select(KnowledgeDocument.id).where(KnowledgeDocument.id == document_id)
    return (await db.execute(found)).scalar_one_or_none() is not None


async def base_of(db: AsyncSession, row: KnowledgeDocument) -> KnowledgeBase | None:
    """A document's knowledge base, held until the transaction ends while its embedding model is undecided."""
    statement = select(KnowledgeBase).where(KnowledgeBase.id == row.knowledge_base_id)
    base = (await db.scalars(statement)).one_or_none()
    if base is None or base.embedding_model is not None:
        return base
    return (await db.scalars(statement.with_for_update().execution_options(populate_existing=True))).one_or_none()


async def pending_since(db: AsyncSession, before: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """Organization and id of documents announced before a moment and never finalized, of every organization."""
    statement = select(KnowledgeDocument.organization_id, KnowledgeDocument.id).where(
        KnowledgeDocument.status == "pending", KnowledgeDocument.created_at < before
    )
    found = await db.execute(statement.order_by(KnowledgeDocument.created_at).limit(limit))
    return [(organization_id, document_id) for organization_id, document_id in found]


async def replace_chunks(db: AsyncSession, row: KnowledgeDocument, passages: Sequence[Passage]) -> None:
    """Take these passages for a document's chunks, instead of what it had."""
    await db.execute(delete(KnowledgeChunk).where(KnowledgeChunk.document_id == row.id))
    for position, passage in enumerate(passages):
        db.add(
            KnowledgeChunk(
                id=f"{row.id}_{position:05d}",
                organization_id=row.organization_id,
                knowledge_base_id=row.knowledge_base_id,
                document_id=row.id,
                position=position,
                heading=passage.heading[:HEADING_LENGTH],
                page=passage.page,
                body=passage.body,
            )
        )
    await db.flush()


async def without_embedding(db: AsyncSession, document_id: str, limit: int) -> Sequence[tuple[str, str, str]]:
    """Id, heading and body of the first chunks that wait for an embedding."""
    statement = select(KnowledgeChunk.id, KnowledgeChunk.heading, KnowledgeChunk.body).where(
        KnowledgeChunk.document_id == document_id, KnowledgeChunk.embedding.is_(None)
    )
    rows = await db.execute(statement.order_by(KnowledgeChunk.position).limit(limit))
    return [(chunk_id, heading, body) for chunk_id, heading, body in rows]


async def store_embeddings(db: AsyncSession, document_id: str, embeddings: Sequence[tuple[str, bytes]]) -> None:
    """Keep the embeddings of some chunks."""
    for chunk_id, embedding in embeddings:
        statement = update(KnowledgeChunk).where(
            KnowledgeChunk.id == chunk_id, KnowledgeChunk.document_id == document_id
        )
        await db.execute(statement.values(embedding=embedding).execution_options(synchronize_session=False))


async def forget_embeddings(db: AsyncSession, base_id: str) -> None:
    """Drop every embedding of a knowledge base: another model's vectors cannot be compared with them."""
    statement = update(KnowledgeChunk).where(KnowledgeChunk.knowledge_base_id == base_id)
    await db.execute(statement.values(embedding=None).execution_options(synchronize_session=False))
