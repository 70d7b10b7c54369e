"""The `Blobs` port on obstore: a folder of this machine, or S3, GCS or Azure.

obstore is imported at first use: most processes never touch a file.
"""

from __future__ import annotations

import logging
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from speko_core.adapters.blob_urls import GatewayUrls
from speko_core.ports.blobs import BlobMissing, BlobsError, BlobTooLarge, UploadUrl

if TYPE_CHECKING:
    from obstore.store import ObjectStore

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1_048_576
# The store's own timeouts: a call that hangs must not hang its caller for ever.
CALL_TIMEOUT = timedelta(seconds=60)
_KEY = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


class StoredBlobs(ABC):
    """What every store does alike; subclasses open the store and sign."""

    def __init__(self) -> None:
        self._opened: ObjectStore | None = None

    @abstractmethod
    def _open(self) -> ObjectStore:
        """The store, at its first use."""

    @property
    def _store(self) -> ObjectStore:
        if self._opened is None:
            with _failures():
                self._opened = self._open()
        return self._opened

    async def put(self, key: str, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> int:
        """Store a stream under a cap; a stream that fails leaves nothing behind."""
        counted = _Counted(chunks, limit_bytes)
        with _failures():
            await self._store.put_async(_checked(key), counted.pieces(), chunk_size=5 * CHUNK_BYTES, max_concurrency=2)
        return counted.size

    async def get(self, key: str) -> AsyncIterator[bytes]:
        """The content, in pieces."""
        with _failures():
            result = await self._store.get_async(_checked(key))
            async for piece in result.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(piece)

    async def size(self, key: str) -> int | None:
        """The size in bytes, None when there is nothing."""
        try:
            with _failures():
                return (await self._store.head_async(_checked(key)))["size"]
        except BlobMissing:
            return None

    async def delete(self, key: str) -> None:
        """Remove one file, if it is there."""
        try:
            with _failures():
                await self._store.delete_async(_checked(key))
        except BlobMissing:
            return

    async def delete_below(self, prefix: str, *, before: datetime | None = None) -> int:
        """Remove every file below a folder, or the old ones."""
        with _failures():
            found = [
                entry["path"]
                async for batch in self._store.list(prefix=_checked(prefix))
                for entry in batch
                if before is None or entry["last_modified"] < before
            ]
        for key in found:
            await self.delete(key)
        return len(found)

    async def claim(self, key: str) -> bool:
        """Create an empty file unless it exists."""
        from obstore.exceptions import AlreadyExistsError

        with _failures():
            try:
                await self._store.put_async(_checked(key), b"", mode="create")
            except AlreadyExistsError:
                return False
        return True


class FolderBlobs(StoredBlobs):
    """Files in a folder; their signed URLs lead to the gateway."""

    def __init__(self, folder: Path, urls: GatewayUrls) -> None:
        super().__init__()
        self._folder = folder
        self._urls = urls

    def _open(self) -> ObjectStore:
        from obstore.store import LocalStore

        return LocalStore(self._folder.resolve(), mkdir=True, automatic_cleanup=True)

    async def upload_url(self, key: str, *, size_bytes: int, content_type: str, expires_in_s: int) -> UploadUrl:
        """A URL of the gateway that takes exactly these bytes, once."""
        url = self._urls.mint("PUT", _checked(key), content_type, size_bytes, expires_in_s)
        return UploadUrl(url, {"Content-Type": content_type}, expires_in_s)

    async def download_url(self, key: str, *, content_type: str, expires_in_s: int) -> str:
        """A URL of the gateway that gives the file, once."""
        return self._urls.mint("GET", _checked(key), content_type, 0, expires_in_s)


class CloudBlobs(StoredBlobs):
    """A bucket; the store signs, so its URLs hold until they expire, and whoever reads checks the size."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def _open(self) -> ObjectStore:
        from obstore.store import from_url

        return from_url(self._url, client_options={"timeout": CALL_TIMEOUT})

    async def upload_url(self, key: str, *, size_bytes: int, content_type: str, expires_in_s: int) -> UploadUrl:
        """The store's own signed URL; Azure wants to be told the kind of file."""
        headers = {"Content-Type": content_type}
        if self._url.startswith(("az", "adl", "abfs")):
            headers["x-ms-blob-type"] = "BlockBlob"
        return UploadUrl(await self._sign("PUT", key, expires_in_s), headers, expires_in_s)

    async def download_url(self, key: str, *, content_type: str, expires_in_s: int) -> str:
        """The store's own signed URL."""
        return await self._sign("GET", key, expires_in_s)

    async def _sign(self, method: str, key: str, expires_in_s: int) -> str:
        from obstore import sign_async
        from obstore.store import AzureStore, GCSStore, S3Store

        store = self._store
        if not isinstance(store, S3Store | GCSStore | AzureStore):
            raise BlobsError("The file store cannot sign URLs.")
        with _failures():
            return await sign_async(
                store, "PUT" if method == "PUT" else "GET", _checked(key), timedelta(seconds=expires_in_s)
            )


class _Counted:
    """A stream that ends with an error when it grows over the limit."""

    def __init__(self, chunks: AsyncIterable[bytes], limit_bytes: int) -> None:
        self._chunks = chunks
        self._limit = limit_bytes
        self.size = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > self._limit:
                raise BlobTooLarge(f"The file is over the limit of {self._limit} bytes.")
            if chunk:
                yield chunk


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError("a blob key is made of ids")
    return key


@contextmanager
def _failures() -> Iterator[None]:
    """The store's failures in our words; what it said stays in the log."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise BlobMissing("not found") from None
    except (BaseError, OSError):
        logger.exception("the file store failed")
        raise BlobsError("The file store is not available.") from None
