"""Fetching a document from the web: guarded, redirects followed by hand and judged each, under a cap and a time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

from speko_core.deps import Deps
from speko_core.knowledge.reading.failure import Unreadable
from speko_core.outbound.client import AddressForbidden, HostUnknown
from speko_core.outbound.urls import url_problem
from speko_core.ports.blobs import BlobTooLarge

MAX_REDIRECTS = 5
FETCH_TIMEOUT_S = 60.0
_ACCEPT = "text/html, text/markdown, text/plain, application/pdf, text/csv;q=0.9, */*;q=0.5"


class FetchFailed(Exception):
    """The server is away for now; the text says how."""


@dataclass(frozen=True)
class Fetched:
    """What was stored."""

    content_type: str
    size_bytes: int


async def fetch(deps: Deps, url: str, key: str, limit_bytes: int) -> Fetched:
    """Store what a URL answers under a key.

    Raises:
        Unreadable: it never will answer a document.
        FetchFailed: it does not answer now.
    """
    try:
        async with asyncio.timeout(FETCH_TIMEOUT_S):
            return await _follow(deps, url, key, limit_bytes)
    except (AddressForbidden, httpx.UnsupportedProtocol, httpx.InvalidURL):
        raise Unreadable("The URL leads to an address that must not be fetched.") from None
    except HostUnknown:
        raise FetchFailed("The URL's host is unknown.") from None
    except (httpx.TransportError, TimeoutError):
        raise FetchFailed("The URL's server does not answer.") from None
    except BlobTooLarge:
        raise Unreadable(f"The URL answers with more than the {limit_bytes // 1_048_576} MB that are read.") from None


async def _follow(deps: Deps, url: str, key: str, limit_bytes: int) -> Fetched:
    for _ in range(MAX_REDIRECTS + 1):
        async with deps.outbound.stream("GET", url, headers={"Accept": _ACCEPT}) as answer:
            if not answer.has_redirect_location:
                return await _stored(deps, answer, key, limit_bytes)
            url = str(answer.url.join(answer.headers["location"]))
        if url_problem(url, allow_insecure=deps.settings.allow_insecure_webhooks):
            raise Unreadable("The URL redirects to an address that must not be fetched.")
    raise Unreadable("The URL redirects too often.")


async def _stored(deps: Deps, answer: httpx.Response, key: str, limit_bytes: int) -> Fetched:
    if answer.status_code >= 500 or answer.status_code == 429:
        raise FetchFailed(f"The URL answers with status {answer.status_code}.")
    if answer.status_code != 200:
        raise Unreadable(f"The URL answers with status {answer.status_code}.")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise Unreadable("The URL's server compresses its answer although it was asked not to.")
    size = await deps.blobs.put(key, _body(answer), limit_bytes=limit_bytes)
    return Fetched(answer.headers.get("content-type", "application/octet-stream"), size)


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    async for piece in answer.aiter_raw():
        yield piece
