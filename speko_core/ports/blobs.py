"""Files as a port: uploaded documents, recordings, exports.

A key is made of ids only, such as `knowledge/org_1/kb_1/doc_1`: never of anything a caller named.
"""

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from speko_core.errors import NotFound, TooLarge, Unavailable


@dataclass(frozen=True)
class UploadUrl:
    """Where one file may be put, with the headers that must be sent along; the URL is the only credential."""

    url: str
    headers: Mapping[str, str]
    expires_in_s: int


class BlobsError(Unavailable):
    """The store did not do what was asked; the log has the reason."""


class BlobMissing(NotFound):
    """Nothing is stored under this key."""


class BlobTooLarge(TooLarge):
    """More bytes came than were allowed; nothing was stored."""


class Blobs(Protocol):
    """Object storage."""

    async def put(self, key: str, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> int:
        """Store a stream, replacing what was there; returns its size. All of it is stored, or nothing.

        What the stream itself raises passes through.

        Raises:
            BlobTooLarge: the stream is longer than `limit_bytes`.
            BlobsError: the store refused or is away.
        """
        ...

    def get(self, key: str) -> AsyncIterator[bytes]:
        """The content, in pieces of about a megabyte.

        Raises:
            BlobMissing: there is none, at the first step.
            BlobsError: the store is away.
        """
        ...

    async def size(self, key: str) -> int | None:
        """The size in bytes, or None when there is none.

        Raises:
            BlobsError: the store is away.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove one file; one that is not there is no error.

        Raises:
            BlobsError: the store is away.
        """
        ...

    async def delete_below(self, prefix: str, *, before: datetime | None = None) -> int:
        """Remove every file below a folder, or those last written before a moment; returns how many.

        Raises:
            BlobsError: the store is away; what was removed stays removed.
        """
        ...

    async def claim(self, key: str) -> bool:
        """Create an empty file; False when it exists. Of any number of concurrent callers one hears True.

        Raises:
            BlobsError: the store is away.
        """
        ...

    async def upload_url(self, key: str, *, size_bytes: int, content_type: str, expires_in_s: int) -> UploadUrl:
        """A signed URL to PUT one file without any other credential.

        Raises:
            BlobsError: the store cannot sign.
        """
        ...

    async def download_url(self, key: str, *, content_type: str, expires_in_s: int) -> str:
        """A signed URL to GET one file without any other credential.

        Raises:
            BlobsError: the store cannot sign.
        """
        ...
