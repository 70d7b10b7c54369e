"""The two ways chunks are found, each as a ranked list of chunk numbers: by their words, and by their meaning.

Words are the database's full text: FTS5 with BM25, or tsvector with `ts_rank` and the rarity of each word. Meaning is
the dot product of unit vectors: in the database where PostgreSQL has pgvector, else over the stored float32 with numpy.
"""

import asyncio
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, Text, bindparam, cast, column, func, literal, literal_column, select, table
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY, TSVECTOR
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.knowledge.models import KnowledgeChunk
from speko_core.knowledge.vectors import FLOAT_BYTES, PgVector, unpacked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_WORDS = 32
# What bm25 counts a match for, by column of the full-text table: its knowledge base, heading, body.
_WEIGHTS = (0.0, 2.0, 1.0)
_WORD = re.compile(r"\w+")
_ENGLISH = literal_column("'english'", REGCONFIG)
_FTS = table("knowledge_chunks_fts", column("rowid"))
_SEARCH = literal_column("knowledge_chunks.search", TSVECTOR)
# PostgreSQL sends an array as 20 bytes of header, then the length and the value of each element, in network order.
_PG_HEADER, _PG_ELEMENT = 20, [("length", ">i4"), ("value", ">f4")]


def words_of(query: str) -> list[str]:
    """The words to look for, each once, in lower case."""
    return list(dict.fromkeys(word.lower() for word in _WORD.findall(query)))[:MAX_WORDS]


async def by_words(db: AsyncSession, base_ids: Sequence[str], query: str, limit: int) -> list[int]:
    """Chunks that hold any of the words, those that fit best first."""
    words = words_of(query)
    if not words:
        return []
    find = _by_tsvector if _is_postgresql(db) else _by_fts5
    return await find(db, base_ids, words, limit)


async def by_meaning(db: AsyncSession, base_ids: Sequence[str], vector: bytes, limit: int) -> list[int]:
    """Chunks whose embedding is nearest to this one of the same model."""
    if _is_postgresql(db) and await _has_pgvector(db):
        return await _by_pgvector(db, base_ids, vector, limit)
    numbers, rows = await _stored(db, base_ids, len(vector))
    return await asyncio.to_thread(_nearest, numbers, rows, vector, limit)


def _is_postgresql(db: AsyncSession) -> bool:
    return db.get_bind().dialect.name == "postgresql"


async def _by_fts5(db: AsyncSession, base_ids: Sequence[str], words: Sequence[str], limit: int) -> list[int]:
    # The knowledge base is a word of the index too: other organizations' chunks are never ranked.
    within = " OR ".join(f'"{base_id}"' for base_id in base_ids)
    wanted = " OR ".join(f'"{word}"' for word in words)
    match = f"knowledge_base_id : ({within}) AND {{heading body}} : ({wanted})"
    name = literal_column("knowledge_chunks_fts", Text)
    statement = (
        select(KnowledgeChunk.number)
        .join(_FTS, _FTS.c.rowid == KnowledgeChunk.number)
        .where(name.op("MATCH")(match), KnowledgeChunk.knowledge_base_id.in_(base_ids))
        .order_by(func.bm25(name, *_WEIGHTS), KnowledgeChunk.number)
    )
    return list((await db.scalars(statement.limit(limit))).all())


async def _by_tsvector(db: AsyncSession, base_ids: Sequence[str], words: Sequence[str], limit: int) -> list[int]:
    """PostgreSQL ranks without regard to how rare a word is, so each word is ranked alone and weighed by that."""
    # Words have no operators in them, so this is a query of alternatives and nothing else.
    wanted = func.to_tsquery(_ENGLISH, " | ".join(words), type_=TSQUERY)
    each = [func.plainto_tsquery(_ENGLISH, word, type_=TSQUERY) for word in words]
    matches = (KnowledgeChunk.knowledge_base_id.in_(base_ids), _SEARCH.op("@@")(wanted))
    holders = (func.count(KnowledgeChunk.number).filter(_SEARCH.op("@@")(query)) for query in each)
    rarities = _rarities((await db.execute(select(*holders).where(*matches))).one(), await _chunks(db, base_ids))
    rank = sum(
        (func.ts_rank(_SEARCH, query, 1) * rarity for query, rarity in zip(each, rarities, strict=True)), literal(0)
    )
    statement = select(KnowledgeChunk.number).where(*matches).order_by(rank.desc(), KnowledgeChunk.number)
    return list((await db.scalars(statement.limit(limit))).all())


async def _chunks(db: AsyncSession, base_ids: Sequence[str]) -> int:
    counted = select(func.count(KnowledgeChunk.number)).where(KnowledgeChunk.knowledge_base_id.in_(base_ids))
    return (await db.execute(counted)).scalar_one()


def _rarities(holders: Sequence[int], chunks: int) -> list[float]:
    """The inverse document frequency of BM25."""
    return [math.log(1 + (chunks - count + 0.5) / (count + 0.5)) for count in holders]


async def _has_pgvector(db: AsyncSession) -> bool:
    extensions = table("pg_extension", column("extname"))
    found = select(extensions.c.extname).where(extensions.c.extname == "vector")
    return (await db.execute(found)).scalar_one_or_none() is not None


async def _by_pgvector(db: AsyncSession, base_ids: Sequence[str], vector: bytes, limit: int) -> list[int]:
    asked = cast(bindparam("asked", str(unpacked(vector)), Text), PgVector)
    distance = cast(KnowledgeChunk.embedding, PgVector).op("<=>")(asked)
    statement = (
        select(KnowledgeChunk.number)
        .where(KnowledgeChunk.knowledge_base_id.in_(base_ids), KnowledgeChunk.embedding.is_not(None))
        .order_by(distance, KnowledgeChunk.number)
    )
    return list((await db.scalars(statement.limit(limit))).all())


async def _stored(
    db: AsyncSession, base_ids: Sequence[str], vector_bytes: int
) -> "tuple[Sequence[int], NDArray[np.float32]]":
    import numpy as np

    postgresql = _is_postgresql(db)
    raw = func.array_send(KnowledgeChunk.embedding, type_=LargeBinary) if postgresql else KnowledgeChunk.embedding
    statement = select(KnowledgeChunk.number, raw).where(
        KnowledgeChunk.knowledge_base_id.in_(base_ids), KnowledgeChunk.embedding.is_not(None)
    )
    size = _PG_HEADER + 2 * vector_bytes if postgresql else vector_bytes
    kept = [(number, row) for number, row in await db.execute(statement) if row is not None and len(row) == size]
    joined = b"".join(row[_PG_HEADER:] if postgresql else row for _, row in kept)
    values = np.frombuffer(joined, _PG_ELEMENT)["value"] if postgresql else np.frombuffer(joined, "<f4")
    rows = values.astype(np.float32, copy=False).reshape(len(kept), vector_bytes // FLOAT_BYTES)
    return [number for number, _ in kept], rows


def _nearest(numbers: Sequence[int], rows: "NDArray[np.float32]", vector: bytes, limit: int) -> list[int]:
    import numpy as np

    likeness = rows @ np.frombuffer(vector, np.float32)
    return [numbers[at] for at in np.argsort(-likeness, kind="stable")[:limit]]
