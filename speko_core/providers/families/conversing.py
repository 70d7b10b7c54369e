"""A conversation over a vendor's socket: inputs go up while events come down, in whatever words the vendor has.

A vendor that owes an answer and says nothing is given up; while nobody owes anything, silence is what it is.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Final, Protocol

from speko_core.audio import StreamResampler
from speko_core.providers.base import Credential, FailureKind, ProviderError
from speko_core.providers.families.socket import VendorSocket, VendorSockets
from speko_core.providers.realtime import RealtimeEvent, RealtimeInput, RealtimeRequest, Sound

# After a question, a result of a tool, or the opening.
ANSWER_S: Final = 20.0
LOOK_EVERY_S: Final = 2.5
# No conversation may last as long; pings show that the connection lives.
READ_S: Final = 4 * 3600.0
# A vendor that moves its conversations every ten minutes does so three times in the longest of ours.
CONNECTIONS: Final = 16


class Dialect(Protocol):
    """One conversation in a vendor's words; keeps what it must remember of it."""

    url: str
    headers: Mapping[str, str]
    input_rate: int
    output_rate: int
    # Whether the vendor owes something now.
    owes: bool

    def opening(self) -> Sequence[str]:
        """The messages that begin a connection."""
        ...

    def tell(self, said: RealtimeInput) -> Sequence[str]:
        """One input as messages; audio is at `input_rate`."""
        ...

    def read(self, message: str | bytes) -> Sequence[RealtimeEvent]:
        """What a message says; audio is at `output_rate`.

        Raises:
            ProviderError: it reports a failure, or cannot be read.
        """
        ...

    def replies(self) -> Sequence[str]:
        """The messages that what was read calls for."""
        ...

    def resumes(self, *, closed: bool) -> bool:
        """Whether to go on over another connection, which `opening` then begins; `closed` when this one has ended."""
        ...


class SocketRealtime:
    """The `RealtimeAdapter` of a vendor: `begin` makes the dialect of a conversation."""

    def __init__(self, sockets: VendorSockets, begin: Callable[[RealtimeRequest, Credential | None], Dialect]) -> None:
        self._sockets, self._begin = sockets, begin

    def converse(
        self, request: RealtimeRequest, inputs: AsyncIterator[RealtimeInput], credential: Credential | None
    ) -> AsyncIterator[RealtimeEvent]:
        """See `RealtimeAdapter`."""
        return converse(self._sockets, self._begin(request, credential), request, inputs)


async def converse(
    sockets: VendorSockets, dialect: Dialect, request: RealtimeRequest, inputs: AsyncIterator[RealtimeInput]
) -> AsyncGenerator[RealtimeEvent, None]:
    """Hold the conversation, over as many connections as the vendor wants; closing the generator closes the socket.

    Raises:
        ProviderError: the vendor failed, or ended the conversation.
    """
    line, down = _Line(), StreamResampler(dialect.output_rate, request.output_rate)
    talking = asyncio.create_task(_talk(line, dialect, request, inputs))
    try:
        for _ in range(CONNECTIONS):
            async with sockets.open(dialect.url, dialect.headers, READ_S) as socket:
                for message in dialect.opening():
                    await socket.send(message)
                line.lead(socket)
                async with aclosing(_listen(socket, dialect)) as events:
                    async for event in events:
                        yield Sound(down.feed(event.pcm)) if isinstance(event, Sound) else event
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
    raise ProviderError(FailureKind.UPSTREAM, "the conversation was moved too often")


class _Line:
    """Where messages go: the newest connection. Between two connections they wait."""

    def __init__(self) -> None:
        self._socket: VendorSocket | None = None
        self._open = asyncio.Event()

    def lead(self, socket: VendorSocket) -> None:
        """From now on messages go here."""
        self._socket = socket
        self._open.set()

    async def send(self, message: str) -> None:
        """Send a message; again on the next connection when this one breaks."""
        while True:
            await self._open.wait()
            socket = self._socket
            assert socket is not None
            try:
                return await socket.send(message)
            except ProviderError:  # who listens is told as well, and knows whether there is a next one
                if self._socket is socket:
                    self._open.clear()


async def _talk(line: _Line, dialect: Dialect, request: RealtimeRequest, inputs: AsyncIterator[RealtimeInput]) -> None:
    up = StreamResampler(request.input_rate, dialect.input_rate)
    async for said in inputs:
        for message in dialect.tell(up.feed(said) if isinstance(said, bytes) else said):
            await line.send(message)


async def _listen(socket: VendorSocket, dialect: Dialect) -> AsyncGenerator[RealtimeEvent, None]:
    """Events until the vendor wants another connection."""
    while True:
        try:
            message = await _heard(socket, dialect)
        except ProviderError:
            if dialect.resumes(closed=True):
                return
            raise
        if message is None:
            if dialect.resumes(closed=True):
                return
            raise ProviderError(FailureKind.UPSTREAM, "the vendor ended the conversation")
        for event in dialect.read(message):
            yield event
        for reply in dialect.replies():
            await socket.send(reply)
        if dialect.resumes(closed=False):
            return


async def _heard(socket: VendorSocket, dialect: Dialect) -> str | bytes | None:
    """The next message, however long it takes while the vendor owes nothing."""
    owed_s = 0.0
    while owed_s < ANSWER_S:
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                return await socket.receive()
        except TimeoutError:
            owed_s = owed_s + LOOK_EVERY_S if dialect.owes else 0.0
    raise ProviderError(FailureKind.TIMEOUT, "the vendor owes an answer and is silent")
