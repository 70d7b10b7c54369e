"""What can be done with the documents of a knowledge base."""

import json
from urllib.parse import unquote, urlsplit

from speko_core.context import Ctx
from speko_core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from speko_core.ids import new_id
from speko_core.knowledge import files, repository, service
from speko_core.knowledge.ingest import enqueue
from speko_core.knowledge.models import FILENAME_LENGTH, KnowledgeDocument
from speko_core.knowledge.reading.kinds import kind_of
from speko_core.knowledge.schemas import (
    DocumentCreate,
    DocumentCreated,
    DocumentFromFaq,
    DocumentFromUrl,
    DocumentList,
    DocumentProgress,
    DocumentRef,
    DocumentRow,
    KnowledgeBaseRef,
    KnowledgeBaseRow,
    Source,
    UploadSpec,
    WithMetadata,
)
from speko_core.outbound.urls import check_url
from speko_core.removal import remove_file
from speko_core.schemas import Deleted
from speko_core.types import JsonValue

UPLOAD_URL_S = 600
# A knowledge base is read whole by every search; and its documents are listed in one answer.
MAX_DOCUMENTS = 1_000
_READABLE = "must be text, Markdown, HTML, CSV, PDF or DOCX"


async def list_documents(ctx: Ctx, data: DocumentList) -> list[DocumentRow]:
    """Every document of a knowledge base, oldest first."""
    base = (await service.found(ctx, data.id)).base
    return [_row(row) for row in await repository.documents(ctx.db, base.id)]


async def get(ctx: Ctx, data: DocumentRef) -> DocumentRow:
    """One document."""
    return _row(await _found(ctx, data))


async def create(ctx: Ctx, data: DocumentCreate) -> DocumentCreated:
    """Announce a file; the answer says where to put it."""
    if kind_of(data.content_type, data.filename) is None:
        raise InvalidInput(f"contentType {_READABLE}.", fields=[FieldProblem("contentType", _READABLE)])
    row = await _new(ctx, data, "upload", data.filename, data.content_type, data.size_bytes)
    upload = await ctx.deps.blobs.upload_url(
        files.key(row), size_bytes=data.size_bytes, content_type=data.content_type, expires_in_s=UPLOAD_URL_S
    )
    ctx.resource_id = row.id
    spec = UploadSpec(
        url=upload.url, method="PUT", headers=dict(upload.headers), expires_in_seconds=upload.expires_in_s
    )
    return DocumentCreated(document=_row(row), upload=spec)


async def add_url(ctx: Ctx, data: DocumentFromUrl) -> DocumentRow:
    """Fetch and read a page or file of the web."""
    check_url(data.url, ctx.deps.settings)
    row = await _new(ctx, data, "url", data.filename or _name_of(data.url), "application/octet-stream", 0)
    row.url = data.url
    await _start(ctx, row)
    return _row(row)


async def add_faq(ctx: Ctx, data: DocumentFromFaq) -> DocumentRow:
    """Take questions with their answers."""
    pairs: list[JsonValue] = [{"question": pair.question, "answer": pair.answer} for pair in data.pairs]
    size = len(json.dumps(pairs, ensure_ascii=False).encode())
    row = await _new(ctx, data, "faq", data.filename, "application/json", size)
    row.faq = {"pairs": pairs}
    await _start(ctx, row)
    return _row(row)


async def finalize(ctx: Ctx, data: DocumentRef) -> DocumentRow:
    """Read the uploaded file; a document that is being read stays as it is."""
    row = await _found(ctx, data)
    if row.status != "processing":
        await _start(ctx, row)
    return _row(row)


async def reingest(ctx: Ctx, data: DocumentRef) -> DocumentRow:
    """Read a document once more; a URL is fetched again. What has not changed stays as it is."""
    row = await _found(ctx, data)
    if row.status == "pending":
        raise Conflict("This document's file was not uploaded yet.", hint="Upload and finalize it first.")
    return await finalize(ctx, data)


async def reembed(ctx: Ctx, data: KnowledgeBaseRef) -> KnowledgeBaseRow:
    """Embed a whole knowledge base with the model that is configured now; until then it is searched by words."""
    base = (await service.found(ctx, data.id)).base
    base.embedding_model, base.embedding_dim, base.updated_at = None, None, ctx.now()
    await repository.forget_embeddings(ctx.db, base.id)
    for row in await repository.documents(ctx.db, base.id):
        row.embedded_count = 0
        if row.status in ("ready", "failed") and row.chunk_count:
            await _start(ctx, row)
    ctx.resource_id = base.id
    return await service.get(ctx, data)


async def delete(ctx: Ctx, data: DocumentRef) -> Deleted:
    """Delete a document with its passages and its file."""
    row = await _found(ctx, data)
    ctx.resource_id = row.id
    if row.source != "faq":
        await remove_file(ctx.deps, ctx.db, files.key(row))
    await ctx.db.delete(row)
    return Deleted(deleted=True)


async def _found(ctx: Ctx, data: DocumentRef) -> KnowledgeDocument:
    row = await repository.document(ctx.db, data.id, data.document_id)
    if row is None:
        raise NotFound("not found", hint="List the knowledge bases and their documents to find an id.")
    return row


async def _new(
    ctx: Ctx, data: WithMetadata, source: Source, filename: str, content_type: str, size_bytes: int
) -> KnowledgeDocument:
    counted = await service.found(ctx, data.id)
    if counted.documents >= MAX_DOCUMENTS:
        raise Conflict(f"A knowledge base holds at most {MAX_DOCUMENTS} documents.", hint="Create another one.")
    row = KnowledgeDocument(
        id=new_id("doc"),
        organization_id=ctx.organization_id,
        knowledge_base_id=counted.base.id,
        source=source,
        filename=filename,
        content_type=content_type,
        size_bytes=size_bytes,
        details=data.metadata,
        status="pending",
        chunk_count=0,
        embedded_count=0,
        chunked_run=0,
        run=0,
        attempts=0,
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )
    ctx.db.add(row)
    await ctx.db.flush()
    return row


async def _start(ctx: Ctx, row: KnowledgeDocument) -> None:
    row.status, row.error_message, row.attempts = "processing", None, 0
    row.run += 1
    row.updated_at = ctx.now()
    ctx.resource_id = row.id
    await enqueue(ctx.deps, ctx.db, row)


def _name_of(url: str) -> str:
    parts = urlsplit(url)
    last = unquote(parts.path).rstrip("/").rpartition("/")[2]
    printable = "".join(character for character in last if character.isprintable()).strip()
    return (printable or parts.hostname or "page")[:FILENAME_LENGTH]


def _row(row: KnowledgeDocument) -> DocumentRow:
    return DocumentRow.model_validate(
        {
            **{name: getattr(row, name) for name in DocumentRow.model_fields if name not in ("metadata", "progress")},
            "metadata": row.details,
            "progress": _progress(row),
        }
    )


def _progress(row: KnowledgeDocument) -> DocumentProgress | None:
    if row.status != "processing":
        return None
    if row.chunked_run != row.run:
        return DocumentProgress(stage="reading", done=0, total=0)
    return DocumentProgress(stage="embedding", done=row.embedded_count, total=row.chunk_count)
