"""Kept-alive connections to vendors, as a transport of httpx.

httpx's own transport looks at every pooled connection for every request and parses in Python, which costs several
times what the rest of a call does. This one keeps idle connections by origin, newest first.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator
from functools import partial
from typing import Final, cast

import httpx
from aiohappyeyeballs import start_connection

from speko_core.providers.families.connection import Connection

Origin = tuple[str, str, int]
_PORTS: Final = {"http": 80, "https": 443}
# Above this a body is written in pieces, so that the event loop serves others in between.
LARGE_BODY_BYTES: Final = 512 * 1024
PIECE_BYTES: Final = 64 * 1024
# How long a name's first address may take before its second is tried beside it (RFC 8305).
NEXT_ADDRESS_S: Final = 0.25


class ConnectionPool(httpx.AsyncBaseTransport):
    """HTTP/1.1 over TCP and TLS, without proxies. Limits in seconds, and in open connections to all origins."""

    def __init__(
        self, *, connect_s: float, read_s: float, keepalive_s: float, connections: int, tls: ssl.SSLContext | None
    ) -> None:
        self._connect_s, self._read_s, self._keepalive_s = connect_s, read_s, keepalive_s
        self._limit, self._tls = connections, tls
        self._free = asyncio.Semaphore(connections)
        self._idle: dict[Origin, deque[tuple[float, Connection]]] = {}
        self._busy: set[Connection] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is read from its stream, which must be closed.

        Raises:
            httpx.TransportError: no connection, or no answer on it.
        """
        origin = _origin(request.url)
        await self._take_slot()
        try:
            connection = await self._exchange(origin, request)
        except BaseException:
            self._free.release()
            raise
        body = AnswerBody(connection, partial(self._give_back, origin, connection))
        return httpx.Response(connection.status, headers=connection.headers, stream=body, request=request)

    async def aclose(self) -> None:
        """Close every connection; safe to call twice."""
        for connection in (*self._busy, *(idle for kept in self._idle.values() for _, idle in kept)):
            connection.abort()
        self._idle.clear()
        if self._sweeper is not None:
            self._sweeper.cancel()

    async def _take_slot(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(self._connect_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise httpx.PoolTimeout("every connection is in use") from error

    async def _exchange(self, origin: Origin, request: httpx.Request) -> Connection:
        head, stream = _head(request), request.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        small = isinstance(stream, Content) and len(stream.content) <= LARGE_BODY_BYTES
        body = cast(Content, stream).content if small else stream
        while (kept := self._take_idle(origin)) is not None:
            try:
                return await self._send(kept, head, body)
            except (httpx.ReadError, httpx.RemoteProtocolError):
                # The vendor closed it while it was idle. Nothing was answered: once more is safe.
                if kept.heard:
                    raise
        return await self._send(await self._connect(origin), head, body)

    async def _send(self, connection: Connection, head: bytes, body: bytes | httpx.AsyncByteStream) -> Connection:
        self._busy.add(connection)
        try:
            await connection.send(head, body)
        except BaseException:
            self._busy.discard(connection)
            connection.release()
            connection.abort()
            raise
        return connection

    async def _connect(self, origin: Origin) -> Connection:
        self._make_room()
        try:
            async with asyncio.timeout(self._connect_s):
                return await self._dial(origin)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except OSError as error:
            raise httpx.ConnectError("no connection") from error

    async def _dial(self, origin: Origin) -> Connection:
        scheme, host, port = origin
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        opened = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_S)
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            secure = scheme == "https"
            _, connection = await loop.create_connection(
                partial(Connection, self._read_s),
                sock=opened,
                ssl=self._trusted() if secure else None,
                server_hostname=host if secure else None,
            )
        except BaseException:
            opened.close()
            raise
        return connection

    def _trusted(self) -> ssl.SSLContext:
        # Honours SSL_CERT_FILE, for networks that inspect TLS; certifi's roots otherwise.
        self._tls = self._tls or httpx.create_ssl_context()
        return self._tls

    # --- idle connections ---------------------------------------------------------------------------------------------

    def _give_back(self, origin: Origin, connection: Connection) -> None:
        self._busy.discard(connection)
        self._free.release()
        if connection.release():
            loop = asyncio.get_running_loop()
            self._idle.setdefault(origin, deque()).append((loop.time(), connection))
            if self._sweeper is None:
                self._sweeper = loop.call_later(self._keepalive_s, self._sweep)

    def _take_idle(self, origin: Origin) -> Connection | None:
        kept = self._idle.get(origin)
        oldest = asyncio.get_running_loop().time() - self._keepalive_s
        while kept:
            since, connection = kept.pop()
            if since >= oldest and not connection.closed:
                return connection
            connection.abort()
        return None

    def _sweep(self) -> None:
        """Close what has been idle for too long."""
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._keepalive_s
        for kept in self._idle.values():
            while kept and (kept[0][0] < oldest or kept[0][1].closed):
                kept.popleft()[1].abort()
        self._idle = {origin: kept for origin, kept in self._idle.items() if kept}
        self._sweeper = loop.call_later(self._keepalive_s, self._sweep) if self._idle else None

    def _make_room(self) -> None:
        """Close the connection that has been idle longest where another one would be over the limit."""
        lists = [kept for kept in self._idle.values() if kept]
        if lists and len(self._busy) + sum(map(len, lists)) >= self._limit:
            min(lists, key=lambda kept: kept[0][0]).popleft()[1].abort()


class Content(httpx.AsyncByteStream):
    """The body of a request, as often as it is asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.content), PIECE_BYTES):
            yield self.content[start : start + PIECE_BYTES]


class AnswerBody(httpx.AsyncByteStream):
    """The body of one answer, a chunk a read. Closing it before its end closes the connection."""

    def __init__(self, connection: Connection, give_back: "partial[None]") -> None:
        self._connection = connection
        self._give_back: partial[None] | None = give_back

    @property
    def has_arrived(self) -> bool:
        """True when the whole answer has been received, whether or not it has been read."""
        return self._connection.whole

    def __aiter__(self) -> "AnswerBody":
        return self

    async def __anext__(self) -> bytes:
        """The next chunk."""
        chunk = await self._connection.read()
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """End the exchange; safe to call twice."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port or _PORTS[url.scheme]


def _head(request: httpx.Request) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
        raise httpx.LocalProtocolError("a line break inside a header")
    return head + b"\r\n\r\n"
