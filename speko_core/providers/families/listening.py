"""Recognition over a socket: audio goes up while transcripts come down, in whatever words the vendor has for it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Final, Protocol

from speko_core.audio import resample
from speko_core.providers.base import FailureKind, ProviderError, SttRequest, Transcript
from speko_core.providers.families.socket import VendorSocket, VendorSockets

PIECE_S: Final = 0.1
RATE: Final = 16_000
# Vendors close a socket on which nothing was said for about ten seconds.
ALIVE_EVERY_S: Final = 5.0
# While nobody speaks a vendor may be silent for long; that the connection lives is shown by pings.
LIVE_READ_S: Final = 4 * 3600.0


class Dialect(Protocol):
    """One conversation in a vendor's words; keeps what it must remember of it."""

    url: str
    headers: Mapping[str, str]
    alive: str  # what keeps a quiet conversation open; empty where a vendor needs nothing

    def pack(self, pcm: bytes) -> str | bytes:
        """One piece of audio as a message."""
        ...

    def flush(self) -> Sequence[str]:
        """The messages that ask for the final text of what was said so far."""
        ...

    def farewell(self) -> Sequence[str]:
        """The messages that say: no more audio."""
        ...

    def read(self, message: str) -> tuple[Sequence[Transcript], bool]:
        """What a message says, and whether it was the last one.

        Raises:
            ProviderError: it reports a failure, or cannot be read.
        """
        ...

    def closed(self) -> Sequence[Transcript]:
        """What is still to be said when the vendor closes in good order without a last message.

        Raises:
            ProviderError: that was too early.
        """
        ...


async def listen(
    sockets: VendorSockets, dialect: Dialect, audio: AsyncIterator[bytes]
) -> AsyncGenerator[Transcript, None]:
    """Send a whole recording and yield transcripts that hold text; closing it closes the socket.

    Raises:
        ProviderError: `EMPTY` when nothing was heard to the end; others as `VendorSocket` and the dialect say.
    """
    heard = False
    async with aclosing(_converse(sockets, dialect, audio, None)) as transcripts:
        async for transcript in transcripts:
            heard = heard or transcript.is_final
            yield transcript
    if not heard:
        raise ProviderError(FailureKind.EMPTY, "no words were recognized")


def listen_live(
    sockets: VendorSockets, dialect: Dialect, audio: AsyncIterator[bytes]
) -> AsyncGenerator[Transcript, None]:
    """Send audio as it comes, an empty piece being the wish for final text; yield transcripts that hold text.

    Raises:
        ProviderError: as `VendorSocket` and the dialect say.
    """
    return _converse(sockets, dialect, audio, LIVE_READ_S)


async def _converse(
    sockets: VendorSockets, dialect: Dialect, audio: AsyncIterator[bytes], read_s: float | None
) -> AsyncGenerator[Transcript, None]:
    async with sockets.open(dialect.url, dialect.headers, read_s) as socket:
        sending = [asyncio.create_task(_talk(socket, dialect, audio))]
        if read_s is not None and dialect.alive:
            sending.append(asyncio.create_task(_stay(socket, dialect.alive)))
        try:
            last = False
            while not last:
                message = await socket.receive()
                if message is None:
                    found, last = dialect.closed(), True
                else:
                    text = message if isinstance(message, str) else message.decode("utf-8", "replace")
                    found, last = dialect.read(text)
                for transcript in found:
                    if transcript.text.strip():
                        yield transcript
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)


async def pieces(request: SttRequest) -> AsyncIterator[bytes]:
    """A whole recording in pieces of a tenth of a second at 16 kHz, as fast as they are taken."""
    pcm = await asyncio.to_thread(resample, request.pcm, request.sample_rate, RATE)
    step = int(RATE * PIECE_S) * 2
    for start in range(0, len(pcm), step):
        yield pcm[start : start + step]


async def _talk(socket: VendorSocket, dialect: Dialect, audio: AsyncIterator[bytes]) -> None:
    """Say everything; a socket that closes meanwhile is told by the one who listens."""
    try:
        async for pcm in audio:
            for message in (dialect.pack(pcm),) if pcm else dialect.flush():
                await socket.send(message)
        for message in dialect.farewell():
            await socket.send(message)
    except ProviderError:
        return


async def _stay(socket: VendorSocket, alive: str) -> None:
    try:
        while True:
            await asyncio.sleep(ALIVE_EVERY_S)
            await socket.send(alive)
    except ProviderError:
        return
