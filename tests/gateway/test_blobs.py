"""Signed URLs of files, as a client without any other credential meets them."""

from collections.abc import AsyncIterator

import httpx
import pytest

from speko_core.deps import Deps
from speko_core.settings import Settings
from tests.conftest import rest_client, with_deps
from tests.twins import MovedClock

KEY = "knowledge/org_1/kb_1/doc_1"


@pytest.fixture
def database_url(migrated_sqlite: object) -> str:
    """Files need no tables."""
    return ""


@pytest.fixture
async def stranger(deps: Deps) -> AsyncIterator[httpx.AsyncClient]:
    async with rest_client(deps, None) as client:
        yield client


async def upload_url(deps: Deps, size: int) -> tuple[str, dict[str, str]]:
    upload = await deps.blobs.upload_url(KEY, size_bytes=size, content_type="text/plain", expires_in_s=600)
    return upload.url, dict(upload.headers)


async def download_url(deps: Deps) -> str:
    return await deps.blobs.download_url(KEY, content_type="text/plain", expires_in_s=300)


async def test_a_file_goes_up_once_and_comes_down_once(
    deps: Deps, settings: Settings, stranger: httpx.AsyncClient
) -> None:
    """AGT-6: the URL is absolute, the only credential, and works once."""
    url, headers = await upload_url(deps, 5)
    assert url.startswith(settings.base_url + "/v1/")
    assert {name.lower() for name in headers}.isdisjoint({"content-length", "host", "authorization"})
    assert (await stranger.put(url, content=b"hello", headers=headers)).status_code == 200
    again = await stranger.put(url, content=b"again", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "URL_USED")
    down = await download_url(deps)
    assert (await stranger.head(down)).status_code == 405
    got = await stranger.get(down)
    assert (got.content, got.headers["content-type"].split(";")[0]) == (b"hello", "text/plain")
    assert got.headers["content-disposition"] == "attachment"
    assert (await stranger.get(down)).status_code == 409


@pytest.mark.parametrize("body", [b"", b"hell", b"hello!"])
async def test_another_size_than_announced_is_refused_and_may_be_mended(
    body: bytes, deps: Deps, stranger: httpx.AsyncClient
) -> None:
    """AGT-6: the size must match, whether it is declared or streamed; the URL is not used up by a failure."""
    url, headers = await upload_url(deps, 5)

    async def unannounced() -> AsyncIterator[bytes]:
        yield body

    for content in (body, unannounced()):
        refused = await stranger.put(url, content=content, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_ERROR")
    assert await deps.blobs.size(KEY) is None
    assert (await stranger.put(url, content=b"hello", headers=headers)).status_code == 200


async def test_a_url_that_expired_was_forged_or_is_for_another_method_is_refused(
    deps: Deps, stranger: httpx.AsyncClient
) -> None:
    """AGT-6: no status below 400."""
    url, headers = await upload_url(deps, 5)
    middle = len(url) - 60
    forged = url[:middle] + ("A" if url[middle] != "A" else "B") + url[middle + 1 :]
    for bad in (forged, url.rsplit("/", 1)[0] + "/nonsense", url.partition(".")[0] + "/x", url + "x"):
        assert (await stranger.put(bad, content=b"hello", headers=headers)).status_code in (403, 404)
    assert (await stranger.get(url)).json()["code"] == "URL_INVALID"
    clock = MovedClock(deps.clock.now())
    clock.advance(601)
    async with rest_client(with_deps(deps, clock=clock), None) as late:
        refused = await late.put(url, content=b"hello", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "URL_EXPIRED")


async def test_a_download_of_nothing_is_404(deps: Deps, stranger: httpx.AsyncClient) -> None:
    """A file that was deleted since."""
    assert (await stranger.get(await download_url(deps))).status_code == 404
