"""WebSockets to vendors: opened under limits, refusals and closures told as neutral failures.

One socket is one call. Redirects and proxies are off, so that a key goes where it was meant to go and nowhere else.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidHandshake, InvalidStatus, InvalidURI

from speko_core.providers.base import FailureKind, ProviderError
from speko_core.providers.families.failures import refused

# The library tells headers, and so keys, at DEBUG.
_LOG = logging.getLogger("speko.vendor_socket")
_LOG.setLevel(logging.WARNING)
MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024

# RFC 6455 closures, then those AssemblyAI documents (4001 and up).
_KIND_BY_CLOSE: Final[Mapping[int, FailureKind]] = {
    1008: FailureKind.UPSTREAM,
    1011: FailureKind.UPSTREAM,
    1012: FailureKind.UPSTREAM,
    1013: FailureKind.RATE,
    4001: FailureKind.AUTH,
    4002: FailureKind.QUOTA,
    4003: FailureKind.QUOTA,
    4102: FailureKind.RATE,
    3009: FailureKind.RATE,
}


@dataclass(frozen=True)
class SocketLimits:
    """Seconds to open, between two messages, and for the farewell."""

    open_s: float = 8.0
    read_s: float = 60.0
    close_s: float = 0.25


class VendorSockets:
    """Opens sockets to vendors; holds nothing but a TLS context."""

    def __init__(self, limits: SocketLimits | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.limits, self._tls = limits or SocketLimits(), tls

    @asynccontextmanager
    async def open(
        self, url: str, headers: Mapping[str, str], read_s: float | None = None
    ) -> AsyncIterator["VendorSocket"]:
        """A socket to `url` (`http` or `ws` scheme); leaving the block closes it. `read_s` replaces the usual limit.

        Raises:
            ProviderError: refused, unreachable, or not answering in time.
        """
        connection = await self._connect(url.replace("http", "ws", 1) if url.startswith("http") else url, headers)
        try:
            yield VendorSocket(connection, replace(self.limits, read_s=read_s) if read_s else self.limits)
        finally:
            await connection.close()

    async def _connect(self, url: str, headers: Mapping[str, str]) -> ClientConnection:
        if any(not value.isprintable() or not value.isascii() for value in headers.values()):
            raise ProviderError(FailureKind.AUTH, "the key cannot stand in a header")
        if url.startswith("wss") and self._tls is None:
            # Honours SSL_CERT_FILE, as calls over HTTP do.
            self._tls = httpx.create_ssl_context()
        limits = self.limits
        try:
            return await _Connect(
                url,
                additional_headers=dict(headers),
                user_agent_header="speko",
                ssl=self._tls if url.startswith("wss") else None,
                compression=None,
                proxy=None,
                open_timeout=limits.open_s,
                close_timeout=limits.close_s,
                max_size=MAX_MESSAGE_BYTES,
                logger=_LOG,
            )
        except InvalidStatus as error:
            response = error.response
            raise refused(response.status_code, response.headers, bytes(response.body or b"")) from None
        except (InvalidHandshake, InvalidURI, OSError, EOFError) as error:
            kind = FailureKind.TIMEOUT if isinstance(error, TimeoutError) else FailureKind.NETWORK
            raise ProviderError(kind, type(error).__name__) from None


class _Connect(connect):
    """Follows no redirect."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """The refusal itself."""
        return exc


class VendorSocket:
    """An open socket: JSON or bare text up, audio up, text down."""

    def __init__(self, connection: ClientConnection, limits: SocketLimits) -> None:
        self._connection, self._limits = connection, limits

    async def send(self, message: str | bytes) -> None:
        """Send text or binary; waits while the vendor does not read.

        Raises:
            ProviderError: the vendor closed the socket.
        """
        try:
            await self._connection.send(message)
        except ConnectionClosed as closed:
            raise closure(closed) from None

    async def receive(self) -> str | bytes | None:
        """The next message; None when the vendor ended the conversation in good order.

        Raises:
            ProviderError: the socket broke, was closed for a reason, or is silent.
        """
        try:
            async with asyncio.timeout(self._limits.read_s):
                return await self._connection.recv()
        except ConnectionClosedOK:
            return None
        except ConnectionClosed as closed:
            raise closure(closed) from None
        except TimeoutError:
            raise ProviderError(FailureKind.TIMEOUT, "the socket is silent") from None


def closure(closed: ConnectionClosed) -> ProviderError:
    """A closure as a failure. Its reason is the vendor's sentence and stays out."""
    code = closed.rcvd.code if closed.rcvd else None
    kind = _KIND_BY_CLOSE.get(code, FailureKind.UPSTREAM) if code is not None else FailureKind.NETWORK
    return ProviderError(kind, f"the socket was closed ({code or 'broken'})")
