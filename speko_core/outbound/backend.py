"""The network under the guarded client: a name is resolved once, judged whole, and the judged address is dialled.

The URL stays as it was, so the Host header, SNI and the certificate check keep the name. Between the judgement and
the connection nothing resolves again, which is what defeats DNS rebinding.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpcore

from speko_core.outbound.addresses import is_refused

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

RESOLVER_THREADS = 16
ADDRESSES_TRIED = 4


class AddressRefused(httpcore.ConnectError):
    """The name leads, or also leads, to an address that user-given URLs may not reach."""


class NameUnknown(httpcore.ConnectError):
    """The name does not resolve."""


class SystemResolver:
    """The machine's resolver on threads of its own, so that slow names hold up nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Every address of `host`, in the machine's order of preference.

        Raises:
            OSError: the name does not resolve.
        """
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _getaddrinfo, host, port)
        return list(dict.fromkeys(str(answer[4][0]) for answer in found))

    def close(self) -> None:
        """Let the threads go without waiting for an answer."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to public addresses alone, or also to private ones where a developer allowed it."""

    def __init__(self, resolve: Resolver, *, allow_private: bool) -> None:
        self._resolve, self._allow_private = resolve, allow_private
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Dial the addresses of `host` in turn, all within `timeout` seconds.

        Raises:
            AddressRefused: any of its addresses is off limits.
            NameUnknown: it has none.
            httpcore.ConnectError, httpcore.ConnectTimeout: none answered.
        """
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._judged(host, port)
                return await self._dial(addresses, port, local_address, socket_options)
        except TimeoutError:
            raise httpcore.ConnectTimeout from None

    async def _judged(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError):
            raise NameUnknown from None
        if not addresses:
            raise NameUnknown
        # One bad address spoils the answer: which of them a retry would dial is not ours to bet on.
        if any(is_refused(ipaddress.ip_address(found), allow_private=self._allow_private) for found in addresses):
            raise AddressRefused
        return addresses

    async def _dial(
        self,
        addresses: Sequence[str],
        port: int,
        local_address: str | None,
        socket_options: Iterable[SocketOption] | None,
    ) -> httpcore.AsyncNetworkStream:
        failure = httpcore.ConnectError()
        for address in addresses[:ADDRESSES_TRIED]:
            try:
                return await self._network.connect_tcp(address, port, None, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: no URL of a user names a socket of this machine."""
        raise AddressRefused

    async def sleep(self, seconds: float) -> None:
        """Wait, for the pool's own retries."""
        await asyncio.sleep(seconds)


def _getaddrinfo(host: str, port: int) -> Sequence[tuple[object, object, object, object, tuple[object, ...]]]:
    return [*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
