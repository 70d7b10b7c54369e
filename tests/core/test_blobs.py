"""The file store: what every store promises, on the folder of this machine and on a bucket in memory."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from speko_core.adapters.blob_urls import GatewayUrls
from speko_core.adapters.envelope import EnvelopeSecrets
from speko_core.adapters.obstore_blobs import CloudBlobs, FolderBlobs, StoredBlobs
from speko_core.adapters.system_clock import SystemClock
from speko_core.ports.blobs import BlobMissing, BlobTooLarge

KEY = "knowledge/org_1/kb_1/doc_1"
MEGABYTE = 1_048_576
CLOCK = SystemClock()


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> StoredBlobs:
    if request.param == "bucket":
        return CloudBlobs("memory:///")
    return FolderBlobs(tmp_path / "blobs", GatewayUrls("http://localhost", EnvelopeSecrets(b"k" * 32), CLOCK))


async def stream(*pieces: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if then is not None:
        raise then


async def content(blobs: StoredBlobs, key: str = KEY) -> bytes:
    return b"".join([piece async for piece in blobs.get(key)])


async def test_what_is_put_is_got_replaced_and_deleted(blobs: StoredBlobs) -> None:
    """A stream of any number of pieces is one file."""
    assert await blobs.size(KEY) is None
    assert await blobs.put(KEY, stream(b"a" * MEGABYTE, b"", b"tail"), limit_bytes=2 * MEGABYTE) == MEGABYTE + 4
    assert await content(blobs) == b"a" * MEGABYTE + b"tail"
    await blobs.put(KEY, stream(b"second"), limit_bytes=6)
    assert (await content(blobs), await blobs.size(KEY)) == (b"second", 6)
    await blobs.delete(KEY)
    await blobs.delete(KEY)
    with pytest.raises(BlobMissing):
        await content(blobs)


async def test_an_empty_file_is_a_file(blobs: StoredBlobs) -> None:
    """No bytes are not no file."""
    await blobs.put(KEY, stream(), limit_bytes=0)
    assert (await content(blobs), await blobs.size(KEY)) == (b"", 0)


async def test_a_stream_over_the_cap_or_broken_leaves_nothing(blobs: StoredBlobs) -> None:
    """All of a stream is stored, or nothing; what the stream raised passes through."""
    with pytest.raises(BlobTooLarge):
        await blobs.put(KEY, stream(b"a" * MEGABYTE, b"b"), limit_bytes=MEGABYTE)
    with pytest.raises(RuntimeError, match="sender gone"):
        await blobs.put(KEY, stream(b"a" * 6 * MEGABYTE, then=RuntimeError("sender gone")), limit_bytes=9 * MEGABYTE)
    assert await blobs.size(KEY) is None


async def test_a_folder_is_removed_with_all_below_it(blobs: StoredBlobs) -> None:
    """Neighbours stay, those with a name that begins alike too."""
    for key in ("a/b/1", "a/b/c/2", "a/bb/3"):
        await blobs.put(key, stream(b"x"), limit_bytes=1)
    assert await blobs.delete_below("a/b", before=CLOCK.now() - timedelta(hours=1)) == 0
    assert await blobs.delete_below("a/b") == 2
    assert [await blobs.size(key) for key in ("a/b/1", "a/b/c/2", "a/bb/3")] == [None, None, 1]
    assert await blobs.delete_below("nowhere") == 0


async def test_of_many_callers_one_claims(blobs: StoredBlobs) -> None:
    """A claim is a lock that holds across processes."""
    claims = await asyncio.gather(*(blobs.claim("used-urls/n1") for _ in range(8)))
    assert sorted(claims) == [False] * 7 + [True]


@pytest.mark.parametrize("key", ["", "/etc/passwd", "a/../b", "a//b", "a/b/", "%2e%2e/a", "a b", "ü", "a\n"])
async def test_a_key_that_is_not_made_of_ids_is_refused(blobs: StoredBlobs, key: str) -> None:
    """Nothing a caller named can lead out of the folder."""
    with pytest.raises(ValueError, match="made of ids"):
        await blobs.put(key, stream(b"x"), limit_bytes=1)


@pytest.mark.parametrize(
    ("url", "variables", "host"),
    [
        (
            "s3://files/speko",
            {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1"},
            "s3.",
        ),
        (
            "az://account/container",
            {"AZURE_STORAGE_ACCOUNT_NAME": "account", "AZURE_STORAGE_ACCOUNT_KEY": "Zm9vYmFy"},
            "account.blob.core.windows.net",
        ),
    ],
)
async def test_a_bucket_signs_its_own_urls(
    url: str, variables: dict[str, str], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file goes straight to the store; nothing is dialled to sign."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    bucket = CloudBlobs(url)
    upload = await bucket.upload_url(KEY, size_bytes=3, content_type="text/plain", expires_in_s=600)
    assert upload.url.startswith("https://")
    assert host in upload.url
    assert KEY in upload.url
    assert upload.headers["Content-Type"] == "text/plain"
    assert ("x-ms-blob-type" in upload.headers) == url.startswith("az")
    assert await bucket.download_url(KEY, content_type="text/plain", expires_in_s=600) != upload.url
