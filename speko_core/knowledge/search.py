"""Searching an agent's knowledge: full text and vectors, fused by reciprocal rank, answered with citations."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from speko_core.deps import Deps
from speko_core.knowledge import matching, repository
from speko_core.knowledge.embedding.failure import EmbeddingFailed
from speko_core.knowledge.models import KnowledgeBase, KnowledgeChunk, KnowledgeDocument

logger = logging.getLogger(__name__)

Mode = Literal["hybrid", "text", "vector"]
# How many of each list are fused, and how fast a rank loses weight: Cormack, Clarke and Büttcher, SIGIR 2009.
CANDIDATES = 50
RANK_OFFSET = 60
MAX_QUERY_CHARS = 1_000
# A conversation waits: without the meaning in time the words must do.
EMBEDDING_TIMEOUT_S = 3.0


@dataclass(frozen=True)
class Hit:
    """A passage that answers, and where it stands. Scores compare within one search only."""

    chunk_id: str
    knowledge_base_id: str
    document_id: str
    document: str
    heading: str
    page: int | None
    url: str | None
    text: str
    score: float


async def search(
    db: AsyncSession, deps: Deps, organization_id: str, agent_id: str, query: str, limit: int = 5
) -> list[Hit]:
    """The passages of an agent's knowledge bases that answer a question best, best first.

    `db` is open in the organization. An embedding model that is away costs the search by meaning, never the answer.
    """
    bases = [counted.base for counted in await repository.bases(db, agent_id)]
    return await search_bases(db, deps, organization_id, bases, query, limit)


async def search_bases(
    db: AsyncSession,
    deps: Deps,
    organization_id: str,
    bases: Sequence[KnowledgeBase],
    query: str,
    limit: int,
    mode: Mode = "hybrid",
) -> list[Hit]:
    """The same within some knowledge bases of the organization, by words and meaning or by one of them."""
    query = query[:MAX_QUERY_CHARS]
    ids = [base.id for base in bases]
    rankings: list[Sequence[int]] = []
    if mode != "text":
        rankings += await _by_meaning(db, deps, organization_id, bases, query)
    if ids and mode != "vector":
        rankings.append(await matching.by_words(db, ids, query, CANDIDATES))
    scores = fused(rankings)
    best = sorted(scores, key=lambda number: (-scores[number], number))[:limit]
    return await _hits(db, best, scores)


def fused(rankings: Iterable[Sequence[int]]) -> dict[int, float]:
    """Reciprocal rank fusion: what several lists rank well comes before what one ranks best."""
    scores: dict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, number in enumerate(ranking, start=1):
            scores[number] += 1 / (RANK_OFFSET + rank)
    return scores


async def _by_meaning(
    db: AsyncSession, deps: Deps, organization_id: str, bases: Sequence[KnowledgeBase], query: str
) -> list[Sequence[int]]:
    """One ranking for each model: vectors of different models cannot be compared."""
    by_model: dict[str, list[str]] = defaultdict(list)
    for base in bases:
        if base.embedding_model and base.embedding_dim:
            by_model[base.embedding_model].append(base.id)
    rankings: list[Sequence[int]] = []
    for model, ids in by_model.items():
        vector = await _embedded(deps, organization_id, model, query)
        if vector is not None:
            rankings.append(await matching.by_meaning(db, ids, vector, CANDIDATES))
    return rankings


async def _embedded(deps: Deps, organization_id: str, model: str, query: str) -> bytes | None:
    from speko_core.knowledge.embedding.calls import embed

    try:
        async with asyncio.timeout(EMBEDDING_TIMEOUT_S):
            rows = await embed(deps, organization_id, model, [query])
    except (EmbeddingFailed, TimeoutError) as error:
        logger.warning("searching by words alone", extra={"model": model, "reason": str(error) or "timeout"})
        return None
    return bytes(rows[0].tobytes())


async def _hits(db: AsyncSession, numbers: Sequence[int], scores: dict[int, float]) -> list[Hit]:
    statement = (
        select(KnowledgeChunk, KnowledgeDocument.filename, KnowledgeDocument.url)
        .join(KnowledgeDocument, KnowledgeDocument.id == KnowledgeChunk.document_id)
        .where(KnowledgeChunk.number.in_(numbers))
        .options(defer(KnowledgeChunk.embedding))
    )
    found = {
        chunk.number: Hit(
            chunk_id=chunk.id,
            knowledge_base_id=chunk.knowledge_base_id,
            document_id=chunk.document_id,
            document=filename,
            heading=chunk.heading,
            page=chunk.page,
            url=url,
            text=chunk.body,
            score=scores[chunk.number],
        )
        for chunk, filename, url in await db.execute(statement)
    }
    return [found[number] for number in numbers if number in found]
