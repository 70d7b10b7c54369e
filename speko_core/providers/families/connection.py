"""One HTTP/1.1 connection to a vendor: a request at a time, its answer read as it arrives.

httptools parses, and everything that one read of the socket brings is handed on as one chunk. One timer a request
watches for silence instead of one a read: a stream has thousands of reads.
"""

import asyncio
from collections.abc import AsyncIterable
from typing import Final, cast

import httptools
import httpx

Header = tuple[bytes, bytes]
MAX_HEAD_BYTES: Final = 64 * 1024
# Above this the socket is not read until the caller has taken what is there.
MAX_UNREAD_BYTES: Final = 256 * 1024
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


class Connection(asyncio.Protocol):
    """A connection with the answer it is receiving. Failures are httpx's own exceptions."""

    def __init__(self, read_s: float) -> None:
        self._read_s, self._loop = read_s, asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._failure: httpx.TransportError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._writable = True
        self.closed = False
        self._expect_answer()
        # Nothing is expected before the first request.
        self.whole = True

    def _expect_answer(self) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.heard = self.whole = self._has_head = self._keeps_alive = False
        self._chunks: list[bytes] = []
        self._unread = self._head_bytes = 0
        self._sent_all = True

    # --- for the pool -------------------------------------------------------------------------------------------------

    async def send(self, head: bytes, body: bytes | AsyncIterable[bytes]) -> None:
        """Send a request and wait for the head of its answer.

        Raises:
            httpx.TransportError: the connection broke, fell silent, or does not speak HTTP.
        """
        self._expect_answer()
        self._raise_failure()
        self._since = self._loop.time()
        self._watch = self._loop.call_later(self._read_s, self._look)
        if isinstance(body, bytes):
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            await self._send_pieces(body)
        while not self._has_head:
            await self._wait()

    async def _send_pieces(self, pieces: AsyncIterable[bytes]) -> None:
        self._sent_all = False
        async for piece in pieces:
            while not self._writable and not self._has_head:
                await self._wait()
            # An answer that comes before the end of the request is a refusal: the rest would be for nothing.
            if self._has_head:
                return
            self._raise_failure()
            self._transport.write(piece)
        self._sent_all = True

    async def read(self) -> bytes:
        """What has arrived of the body since the last call; empty at its end.

        Raises:
            httpx.TransportError: as `send`.
        """
        while not self._chunks:
            if self.whole:
                return b""
            await self._wait()
        chunks, self._chunks = self._chunks, []
        if self._unread > MAX_UNREAD_BYTES:
            self._transport.resume_reading()
        self._unread = 0
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def release(self) -> bool:
        """End the exchange; True when the connection can serve another one, else it is closed."""
        if self._watch is not None:
            self._watch.cancel()
        if self.whole and self._keeps_alive and self._sent_all and not self.closed:
            return True
        self.abort()
        return False

    def abort(self) -> None:
        """Close at once."""
        if not self.closed:
            self.closed = True
            self._transport.abort()

    # --- waiting ------------------------------------------------------------------------------------------------------

    async def _wait(self) -> None:
        self._raise_failure()
        self._since = self._loop.time()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _look(self) -> None:
        """Fail when somebody has been waiting in silence for too long; a slow caller is not the vendor's silence."""
        silence = self._loop.time() - self._since if self._waiter is not None else 0.0
        if silence >= self._read_s:
            self._fail(httpx.ReadTimeout("no bytes in time"))
        else:
            self._watch = self._loop.call_later(self._read_s - silence, self._look)

    def _fail(self, failure: httpx.TransportError) -> None:
        if self._failure is None and not self.whole:
            self._failure = failure
        self.abort()
        self._wake()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    # --- asyncio.Protocol ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Parse one read of the socket."""
        if self.whole:  # bytes that nobody asked for: whatever they are, the next answer must not begin with them
            self.abort()
            return
        self.heard, self._since = True, self._loop.time()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httpx.RemoteProtocolError(type(error).__name__))
        if self._unread > MAX_UNREAD_BYTES and not self.closed:
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone; a body without a length ends with it."""
        self.closed = True
        if error is None and self._has_head and not any(name.lower() in _FRAMING for name, _ in self.headers):
            self.whole = True
        self._fail(httpx.ReadError("broken") if error else httpx.RemoteProtocolError("closed early"))

    def pause_writing(self) -> None:
        """The vendor does not take the request as fast as it is written."""
        self._writable = False

    def resume_writing(self) -> None:
        """The vendor has caught up."""
        self._writable = True
        self._wake()

    # --- httptools' callbacks -----------------------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or trailer."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError("the head is too long")
        if not self._has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole. One of the 1xx kind only precedes the answer's."""
        self.status = self._parser.get_status_code()
        self._has_head = self.status >= 200
        if not self._has_head:
            self.headers = []

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if not self.whole:
            self._chunks.append(body)
            self._unread += len(body)

    def on_message_complete(self) -> None:
        """The end of the body."""
        if self._has_head:
            # A second answer in the same read belongs to no request.
            self._keeps_alive = not self.whole and self._parser.should_keep_alive()
            self.whole = True
