"""Live audio on its way to a provider, kept as long as another provider might still have to hear it from the start.

One writer, one reader at a time. What was read is kept up to `kept_s` until `forget`; the oldest goes first. What was
not read yet is never dropped: the writer waits, and so does the caller's socket.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sized
from typing import Final, Generic, TypeVar

P = TypeVar("P", bound=Sized)
RATE: Final = 16_000
BYTES_PER_S: Final = RATE * 2
KEPT_S: Final = 60.0
# The wish for the final text of what was said so far, among the pieces of audio.
FLUSH: Final = b""


class Tape(Generic[P]):
    """Pieces of 16-bit mono, and what the caller wishes for between them: a piece counts by its length.

    `kept_s` are seconds of audio at 16 kHz.
    """

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._bound = int(kept_s * BYTES_PER_S)
        self._pieces: deque[P] = deque()
        self._first = self._read = self._bytes = 0  # positions count pieces from the start of the tape
        self._keeps = True
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self.ended = False

    async def put(self, piece: P) -> None:
        """Add a piece; waits while the reader is too far behind."""
        while self._bytes >= self._bound and not self._trimmed():
            self._room.clear()
            await self._room.wait()
        self._pieces.append(piece)
        self._bytes += len(piece)
        self._arrived.set()

    def end(self) -> None:
        """Nothing follows."""
        self.ended = True
        self._arrived.set()

    def forget(self) -> None:
        """What has been read need not be heard again."""
        self._keeps = False
        self._trim_to(0)

    async def play(self) -> AsyncGenerator[P, None]:
        """Everything that is kept, then what comes, until the end. Takes the tape from a reader before it."""
        self._read = self._first
        while True:
            self._read = max(self._read, self._first)
            at = self._read - self._first
            if at < len(self._pieces):
                piece = self._pieces[at]
                self._read += 1
                self._trim_to(self._bound if self._keeps else 0)
                self._room.set()
                yield piece
            elif self.ended:
                return
            else:
                self._arrived.clear()
                await self._arrived.wait()

    def _trimmed(self) -> bool:
        self._trim_to(self._bound - 1)
        return self._bytes < self._bound

    def _trim_to(self, bound: int) -> None:
        while self._bytes > bound and self._first < self._read:
            self._bytes -= len(self._pieces.popleft())
            self._first += 1
