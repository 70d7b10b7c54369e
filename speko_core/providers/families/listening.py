"""Recognition over a socket: audio goes up while transcripts come down, in whatever words the vendor has for it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Final, Protocol

from speko_core.audio import resample
from speko_core.providers.base import FailureKind, ProviderError, SttRequest, Transcript
from speko_core.providers.families.socket import VendorSocket, VendorSockets

PIECE_S: Final = 0.1
RATE: Final = 16_000


class Dialect(Protocol):
    """One conversation in a vendor's words; keeps what it must remember of it."""

    url: str
    headers: Mapping[str, str]

    def pack(self, pcm: bytes) -> str | bytes:
        """One piece of audio as a message."""
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
    """Send `audio` (16-bit mono) and yield transcripts that hold text; closing it closes the socket.

    Raises:
        ProviderError: `EMPTY` when nothing was heard to the end; others as `VendorSocket` and the dialect say.
    """
    heard = False
    async with sockets.open(dialect.url, dialect.headers) as socket:
        talking = asyncio.create_task(_talk(socket, dialect, audio))
        try:
            last = False
            while not last:
                message = await socket.receive()
                if message is None:
                    found, last = dialect.closed(), True
                else:
                    found, last = dialect.read(
                        message if isinstance(message, str) else message.decode("utf-8", "replace")
                    )
                for transcript in found:
                    if transcript.text.strip():
                        heard = heard or transcript.is_final
                        yield transcript
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
    if not heard:
        raise ProviderError(FailureKind.EMPTY, "no words were recognized")


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
            await socket.send(dialect.pack(pcm))
        for message in dialect.farewell():
            await socket.send(message)
    except ProviderError:
        return
