"""The job that reads a document: get it, cut it, store its passages, embed them.

Each step is durable before the next one begins, so a run that was killed goes on where it was: passages are replaced in
one transaction, embeddings are stored batch by batch. What was read last keeps answering until its replacement is
stored; a document that cannot be read keeps what it had.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.deps import Deps
from speko_core.errors import SpekoError
from speko_core.knowledge import files, repository, sources
from speko_core.knowledge.embedding.calls import BATCH, embed
from speko_core.knowledge.embedding.embedders import FULL_TEXT
from speko_core.knowledge.embedding.failure import EmbeddingFailed
from speko_core.knowledge.fetching import Fetched, FetchFailed
from speko_core.knowledge.models import CONTENT_TYPE_LENGTH, KnowledgeBase, KnowledgeDocument
from speko_core.knowledge.passages import Passage
from speko_core.knowledge.reading.failure import Unreadable
from speko_core.knowledge.sweep import SWEEP
from speko_core.ports.jobs import DOCUMENTS, JobKind
from speko_core.types import JsonObject

logger = logging.getLogger(__name__)

RETRIES_S = (5.0, 30.0, 120.0, 600.0)
# Starts of one run: its attempts, and some that a crash of the process took.
MAX_STARTS = len(RETRIES_S) + 5
DIGITS = 6
UNREACHED = "The document could not be read for a reason of ours. Try again later."
KILLED = "Reading the document was interrupted again and again. Split it, or send it as plain text."


class _Gone(Exception):
    """The document was deleted, or handed in again, while this run was at it."""


@dataclass(frozen=True)
class _Run:
    """One run of one document, with what of it does not change."""

    deps: Deps
    organization_id: str
    document_id: str
    run: int
    key: str

    @asynccontextmanager
    async def step(self) -> AsyncIterator[tuple[AsyncSession, KnowledgeDocument]]:
        """A transaction with the document held in it.

        Raises:
            _Gone: it is not this run's any more.
        """
        async with self.deps.database.transaction(self.organization_id) as db:
            row = await repository.locked(db, self.document_id)
            if row is None or row.run != self.run or row.status != "processing":
                raise _Gone
            row.updated_at = self.deps.clock.now()
            yield db, row


async def enqueue(deps: Deps, db: AsyncSession, row: KnowledgeDocument, delay_s: float = 0.0) -> None:
    """Have a document read once this transaction is durable."""
    await deps.jobs.enqueue(
        INGEST.name,
        {"organizationId": row.organization_id, "documentId": row.id, "run": row.run, "key": files.key(row)},
        job_id=f"{INGEST.name}:{row.id}:{row.run:0{DIGITS}d}:{row.attempts:0{DIGITS}d}",
        delay_s=delay_s,
        within=db,
        queue=DOCUMENTS,
    )


async def ingest(deps: Deps, args: JsonObject) -> JsonObject:
    """Read one document to the end, or to a failure that its row tells."""
    run = _Run(deps, str(args["organizationId"]), str(args["documentId"]), int(str(args["run"])), key=str(args["key"]))
    try:
        row = await _begin(run)
        try:
            if row.chunked_run != row.run:
                await _store(run, *await sources.passages(deps, row, run.key))
            await _embed(run)
            return await _finish(run)
        except Unreadable as error:
            return await _fail(run, str(error))
        except (_Gone, asyncio.CancelledError):
            raise
        except Exception as error:  # the edge of the run: a document must not be `processing` for ever
            logger.exception("a document could not be read")
            return await _later(run) if row.attempts <= len(RETRIES_S) else await _fail(run, _sentence(error))
    except _Gone:
        return await _clean(run)


async def _begin(run: _Run) -> KnowledgeDocument:
    async with run.step() as (_, row):
        row.attempts += 1
        starts = row.attempts
    if starts > MAX_STARTS:
        await _fail(run, KILLED)
        raise _Gone
    return row


async def _store(run: _Run, passages: Sequence[Passage], fetched: Fetched | None) -> None:
    """Replace the passages, unless the document gives the same ones again: then their embeddings stay too."""
    digest = hashlib.sha256(repr(passages).encode()).hexdigest()
    async with run.step() as (db, row):
        if fetched is not None:
            row.content_type, row.size_bytes = fetched.content_type[:CONTENT_TYPE_LENGTH], fetched.size_bytes
        if row.digest != digest:
            await repository.replace_chunks(db, row, passages)
            row.digest, row.chunk_count, row.embedded_count = digest, len(passages), 0
        row.chunked_run = row.run


async def _embed(run: _Run) -> None:
    """Embed what has no embedding, a batch at a time; the model runs outside of transactions."""
    while True:
        async with run.step() as (db, row):
            base = await _base(db, row)
            model = base.embedding_model or run.deps.embedders.configured
            waiting = await repository.without_embedding(db, row.id, BATCH)
        if model == FULL_TEXT or not waiting:
            return
        texts = [f"{heading}\n{body}" if heading else body for _, heading, body in waiting]
        vectors = await embed(run.deps, run.organization_id, model, texts)
        packed = [(chunk_id, vector.tobytes()) for (chunk_id, _, _), vector in zip(waiting, vectors, strict=True)]
        async with run.step() as (db, row):
            if _adopted(await _base(db, row), model, vectors.shape[1]):
                await repository.store_embeddings(db, row.id, packed)
                row.embedded_count += len(packed)


async def _base(db: AsyncSession, row: KnowledgeDocument) -> KnowledgeBase:
    base = await repository.base_of(db, row)
    if base is None:
        raise _Gone
    return base


def _adopted(base: KnowledgeBase, model: str, dim: int) -> bool:
    """Whether the knowledge base takes vectors of this model; the first ones decide.

    Raises:
        EmbeddingFailed: the model has changed its dimensions.
    """
    if base.embedding_model is None:
        base.embedding_model, base.embedding_dim = model, dim
    if base.embedding_model == model and base.embedding_dim != dim:
        raise EmbeddingFailed(f"The embedding model answers with {dim} dimensions, no longer {base.embedding_dim}.")
    return base.embedding_model == model


async def _finish(run: _Run) -> JsonObject:
    async with run.step() as (_, row):
        row.status, row.error_message, row.ingested_at = "ready", None, run.deps.clock.now()
        return {"status": row.status, "chunks": row.chunk_count, "embedded": row.embedded_count}


async def _fail(run: _Run, sentence: str) -> JsonObject:
    async with run.step() as (_, row):
        row.status, row.error_message = "failed", sentence
    return {"status": "failed"}


async def _later(run: _Run) -> JsonObject:
    """Try again after a pause, which holds no slot that other documents wait for."""
    async with run.step() as (db, row):
        await enqueue(run.deps, db, row, RETRIES_S[min(row.attempts, len(RETRIES_S)) - 1])
    return {"status": "again"}


def _sentence(error: Exception) -> str:
    """Only sentences of ours reach the row."""
    return str(error) if isinstance(error, EmbeddingFailed | FetchFailed | SpekoError) else UNREACHED


async def _clean(run: _Run) -> JsonObject:
    """A file that this run stored after its document was deleted is removed."""
    async with run.deps.database.transaction(run.organization_id, read_only=True) as db:
        exists = await repository.exists(db, run.document_id)
    if not exists:
        await run.deps.blobs.delete(run.key)
    return {"status": "overtaken" if exists else "deleted"}


INGEST = JobKind(
    name="knowledge.ingest",
    run=ingest,
    summary="Reads a document of a knowledge base: cuts it into passages and embeds them.",
    retry_delays_s=(5.0,),
    queue=DOCUMENTS,
)
KINDS: tuple[JobKind, ...] = (INGEST, SWEEP)
