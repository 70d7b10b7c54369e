"""Where a document's text comes from: its pairs, its uploaded file, or its URL; and the reading of it."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from speko_core.deps import Deps
from speko_core.knowledge.fetching import Fetched, fetch
from speko_core.knowledge.models import KnowledgeDocument
from speko_core.knowledge.passages import Block, Passage, cut
from speko_core.knowledge.reading import process
from speko_core.knowledge.reading.failure import Unreadable
from speko_core.knowledge.reading.kinds import kind_of
from speko_core.knowledge.schemas import FaqPair
from speko_core.types import JsonObject

MAX_READ_BYTES = 50 * 1_048_576
UNKNOWN_KIND = "The document is of a kind that is not read: it must be text, Markdown, HTML, CSV, PDF or DOCX."


async def passages(deps: Deps, row: KnowledgeDocument, key: str) -> tuple[Sequence[Passage], Fetched | None]:
    """The passages of a document whose file is, or will be, stored under `key`; and what was fetched, for a URL.

    Raises:
        Unreadable: it will not be read by trying again.
        FetchFailed: its URL does not answer now.
        BlobsError: the file store is away.
    """
    if row.faq is not None:
        return _of_pairs(row.faq), None
    if row.url is not None:
        fetched = await fetch(deps, row.url, key, MAX_READ_BYTES)
        return await _of_file(deps, key, fetched.content_type, row.url.partition("?")[0]), fetched
    await _check_upload(deps, key, row.size_bytes)
    return await _of_file(deps, key, row.content_type, row.filename), None


def _of_pairs(faq: JsonObject) -> list[Passage]:
    pairs = TypeAdapter(list[FaqPair]).validate_python(faq["pairs"])
    blocks = (Block(f"{pair.question}\n{pair.answer}", (pair.question,)) for pair in pairs)
    return list(cut(blocks))


async def _of_file(deps: Deps, key: str, content_type: str, filename: str) -> list[Passage]:
    kind = kind_of(content_type, filename)
    if kind is None:
        raise Unreadable(UNKNOWN_KIND)
    with tempfile.TemporaryDirectory(prefix="speko-document-") as folder:
        path = Path(folder) / "document"
        await _download(deps, key, path)
        return await process.read(path, kind, process.ReadingLimits())


async def _check_upload(deps: Deps, key: str, announced: int) -> None:
    size = await deps.blobs.size(key)
    if size is None:
        raise Unreadable("No file was uploaded.")
    if size != announced:
        raise Unreadable(f"The file has {size} bytes; {announced} were announced.")
    if size > MAX_READ_BYTES:
        await deps.blobs.delete(key)
        raise Unreadable(f"The file is larger than the {MAX_READ_BYTES // 1_048_576} MB that are read. Split it.")


async def _download(deps: Deps, key: str, path: Path) -> None:
    with await asyncio.to_thread(path.open, "wb") as file:
        async for piece in deps.blobs.get(key):
            await asyncio.to_thread(file.write, piece)
