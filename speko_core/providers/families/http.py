"""The one outbound HTTP client for vendors: httpx's requests and answers over our own pool, shared by a whole process.

The failover loop decides how long a first event may take; the limits here are the outer ones that no call may pass.
Requests go to the transport without httpx's client in between: there are no redirects, proxies, `.netrc` and cookies,
because a vendor's answer must not move a key elsewhere and one organization's call must leave nothing for the next.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import httpx

from speko_core.providers.base import FailureKind, ProviderError
from speko_core.providers.families.failures import refused
from speko_core.providers.families.pool import AnswerBody, ConnectionPool, Content

MAX_ERROR_BYTES: Final = 64 * 1024
ERROR_BODY_S: Final = 3.0
MAX_BODY_BYTES: Final = 64 * 1024 * 1024
# How long an answer that is already whole may hold its caller for the connection's sake.
DRAIN_S: Final = 0.2


@dataclass(frozen=True)
class HttpLimits:
    """Seconds to connect, between two reads, and for a whole call; connections to all vendors together."""

    connect_s: float = 5.0
    read_s: float = 60.0
    total_s: float = 600.0
    connections: int = 2000
    # Shorter than the idle timeout of the load balancers in front of vendors (60 s and more).
    keepalive_s: float = 45.0


class VendorHttp:
    """Calls vendors. Connections open with the first call, inside the running loop; `aclose` ends them."""

    def __init__(self, limits: HttpLimits | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.limits, self._tls = limits or HttpLimits(), tls
        self._pool: ConnectionPool | None = None

    @asynccontextmanager
    async def stream(self, request: httpx.Request) -> AsyncIterator["Answer"]:
        """Send and hand over the successful answer, its body unread; leaving the block closes the upstream call.

        Raises:
            ProviderError: no answer, or one that is not a success.
        """
        deadline = asyncio.get_running_loop().time() + self.limits.total_s
        response = await self._send(request)
        try:
            answer = Answer(response, deadline)
            if not response.is_success:
                raise refused(response.status_code, response.headers, await answer.error_body())
            yield answer
        finally:
            await response.aclose()

    async def body(self, request: httpx.Request, max_bytes: int = MAX_BODY_BYTES) -> bytes:
        """Send and read the whole successful answer.

        Raises:
            ProviderError: as `stream`; `UPSTREAM` for a body beyond `max_bytes`.
        """
        async with self.stream(request) as answer:
            return await answer.body(max_bytes)

    async def aclose(self) -> None:
        """Close every connection; safe to call twice."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._open().handle_async_request(request)
        except (httpx.HTTPError, OSError) as error:
            raise transport_failure(error) from None

    def _open(self) -> ConnectionPool:
        if self._pool is None:
            limits = self.limits
            self._pool = ConnectionPool(
                connect_s=limits.connect_s,
                read_s=limits.read_s,
                keepalive_s=limits.keepalive_s,
                connections=limits.connections,
                tls=self._tls,
            )
        return self._pool


class Answer:
    """A successful answer whose body has not been read."""

    def __init__(self, response: httpx.Response, deadline: float) -> None:
        self._response, self._deadline = response, deadline

    @property
    def headers(self) -> httpx.Headers:
        """The answer's headers."""
        return self._response.headers

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives, one chunk a read; close it (`aclosing`) when leaving early.

        Raises:
            ProviderError: the connection broke or stalled.
        """
        loop = asyncio.get_running_loop()
        try:
            async with aclosing(self._bytes()) as body:
                async for chunk in body:
                    if loop.time() > self._deadline:
                        raise ProviderError(FailureKind.TIMEOUT, "the call took longer than any may")
                    yield chunk
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise transport_failure(error) from None

    async def drain(self, chunks: AsyncGenerator[bytes, None]) -> None:
        """Read the rest of `chunks` after the vendor's own end mark, briefly, so that the connection can be reused."""
        stream = self._response.stream
        if isinstance(stream, AnswerBody) and stream.has_arrived:
            return
        with suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                async for _ in chunks:
                    continue

    async def body(self, max_bytes: int = MAX_BODY_BYTES) -> bytes:
        """The whole body.

        Raises:
            ProviderError: as `chunks`; `UPSTREAM` for more than `max_bytes`.
        """
        read = bytearray()
        async with aclosing(self.chunks()) as chunks:
            async for chunk in chunks:
                read += chunk
                if len(read) > max_bytes:
                    raise ProviderError(FailureKind.UPSTREAM, "the answer is too long")
        return bytes(read)

    async def error_body(self) -> bytes:
        """As much of an error body as comes quickly; it only refines what the status says."""
        try:
            async with asyncio.timeout(ERROR_BODY_S):
                return await self.body(MAX_ERROR_BYTES)
        except (ProviderError, TimeoutError):
            return b""

    def _bytes(self) -> AnswerBody | AsyncGenerator[bytes, None]:
        stream = self._response.stream
        if isinstance(stream, AnswerBody) and "content-encoding" not in self._response.headers:
            return stream
        # Compression was not asked for; httpx's decoders are there for vendors who compress all the same.
        body = self._response.aiter_bytes()
        assert isinstance(body, AsyncGenerator)
        return body


def vendor_request(
    url: str,
    headers: Mapping[str, str],
    content: bytes | None = None,
    *,
    method: str = "POST",
    params: Sequence[tuple[str, str]] = (),
) -> httpx.Request:
    """A request with only the headers named, and no compression: it would delay what streams.

    Raises:
        ProviderError: the URL is not one, or a key cannot stand in a header; the operator's to correct.
    """
    if any(not value.isprintable() for value in headers.values()):
        raise ProviderError(FailureKind.AUTH, "the key cannot stand in a header")
    try:
        where = _parsed(url)
        where = where.copy_merge_params(list(params)) if params else where
        fixed = {"host": where.netloc.decode("ascii"), "accept-encoding": "identity", "user-agent": "speko"}
        if content is not None:
            fixed["content-length"] = str(len(content))
        return httpx.Request(method, where, headers={**fixed, **headers}, stream=Content(content or b""))
    except (httpx.InvalidURL, UnicodeEncodeError, ValueError) as error:
        raise ProviderError(FailureKind.AUTH, f"the endpoint or key is unusable ({type(error).__name__})") from None


@lru_cache(maxsize=256)
def _parsed(url: str) -> httpx.URL:
    """An endpoint, parsed once: there are a few of them, and parsing costs as much as the rest of a request."""
    return httpx.URL(url)


def transport_failure(error: Exception) -> ProviderError:
    """A failure below HTTP. Only the error's class is told: its text may hold a URL with a key."""
    cause = error.__cause__ or error
    timed_out = isinstance(cause, TimeoutError) or isinstance(error, httpx.ReadTimeout | httpx.PoolTimeout)
    return ProviderError(FailureKind.TIMEOUT if timed_out else FailureKind.NETWORK, type(cause).__name__)
