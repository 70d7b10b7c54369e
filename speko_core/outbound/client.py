"""The client for user-given URLs: guarded addresses, no redirects, no proxies, no cookies, no compression."""

import ssl
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from speko_core.outbound.backend import AddressRefused, GuardedBackend, NameUnknown, Resolver, SystemResolver

CONNECT_S, READ_S, WRITE_S, POOL_S = 4.0, 10.0, 10.0, 4.0
MAX_CONNECTIONS, MAX_IDLE, IDLE_S = 200, 20, 30.0
USER_AGENT = "Speko/1.0"

_TRANSLATED: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.NetworkError, httpx.ReadError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
)


class AddressForbidden(httpx.ConnectError):
    """The URL leads to an address that user-given URLs may not reach. Trying again does not help."""


class HostUnknown(httpx.ConnectError):
    """The URL's host does not resolve."""


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx over a connection pool whose network judges every address.

    `allow_insecure` is the development switch (http, loopback, private networks). `resolve` and `tls` are the
    outside: the machine's resolver and the usual roots (`SSL_CERT_FILE` is honoured), unless given.
    """

    def __init__(
        self, *, allow_insecure: bool = False, resolve: Resolver | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._allow_insecure, self._resolve, self._tls = allow_insecure, resolve, tls
        self._system: SystemResolver | None = None
        self._pool: httpcore.AsyncConnectionPool | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request.

        Raises:
            httpx.TransportError: AddressForbidden and HostUnknown among them.
        """
        if request.url.scheme != "https" and not self._allow_insecure:
            raise httpx.UnsupportedProtocol("only https URLs are dialled", request=request)
        try:
            answer = await self._open().handle_async_request(_core_request(request))
        except _CORE_ERRORS as error:
            raise _translated(error, request) from None
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer, request), extensions=answer.extensions
        )

    def _open(self) -> httpcore.AsyncConnectionPool:
        if self._pool is None:
            resolve = self._resolve
            if resolve is None:
                resolve = self._system = SystemResolver()
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=self._tls or httpx.create_ssl_context(),
                max_connections=MAX_CONNECTIONS,
                max_keepalive_connections=MAX_IDLE,
                keepalive_expiry=IDLE_S,
                network_backend=GuardedBackend(resolve, allow_private=self._allow_insecure),
            )
        return self._pool

    async def aclose(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.aclose()
        if self._system is not None:
            self._system.close()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, request: httpx.Request) -> None:
        self._answer, self._request = answer, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.aiter_stream():
                yield chunk
        except _CORE_ERRORS as error:
            raise _translated(error, self._request) from None

    async def aclose(self) -> None:
        await self._answer.aclose()


def answering_within(total_s: float) -> httpx.Timeout:
    """Timeouts of a request whose caller bounds the whole: an endpoint may use all of it to think."""
    return httpx.Timeout(total_s, connect=CONNECT_S, pool=POOL_S)


def guarded_client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    """The client every user-given URL is called with. Timeouts are per step; callers add a total of their own."""
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S, write=WRITE_S, pool=POOL_S),
        headers={"user-agent": USER_AGENT, "accept-encoding": "identity"},
        follow_redirects=False,
        trust_env=False,
        # One client serves every organization: a cookie of one endpoint must not travel with another's request.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def _core_request(request: httpx.Request) -> httpcore.Request:
    url = httpcore.URL(
        scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
    )
    return httpcore.Request(
        request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
    )


_CORE_ERRORS = tuple(core for core, _ in _TRANSLATED)


def _translated(error: Exception, request: httpx.Request) -> httpx.TransportError:
    if isinstance(error, AddressRefused):
        return AddressForbidden("the URL leads to a private or reserved address", request=request)
    if isinstance(error, NameUnknown):
        return HostUnknown("the URL's host does not resolve", request=request)
    ours = next(ours for core, ours in _TRANSLATED if isinstance(error, core))
    return ours(type(error).__name__, request=request)
