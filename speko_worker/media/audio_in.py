"""The caller's audio as the session hears it."""

import asyncio
from collections import deque

from livekit import rtc
from livekit.agents.voice import io

from speko_worker.media.port import Tape

FRAME_MS = 20
# Five seconds: voice older than that is worth nothing to a conversation.
MAX_QUEUED_FRAMES = 250
# A client may stop sending while nobody speaks; without samples the VAD would wait for the end of speech forever.
GAP_S = 0.4


class QueuedAudioInput(io.AudioInput):
    """A bounded queue of 20 ms frames: when full the oldest is dropped, and a gap in the stream is heard as silence."""

    def __init__(self, sample_rate: int) -> None:
        super().__init__(label="speko.media")
        self._rate = sample_rate
        self._frame_bytes = sample_rate * FRAME_MS // 1000 * 2
        self._frames: deque[rtc.AudioFrame] = deque(maxlen=MAX_QUEUED_FRAMES)
        self._partial = bytearray()
        self._arrived = asyncio.Event()
        self._closed = False
        self._gap = False
        self.tape: Tape | None = None

    def push(self, pcm: bytes) -> None:
        """Take audio of any length, 16-bit mono; complete frames become available at once."""
        if self.tape is not None:
            self.tape.caller(pcm)
        self._partial += pcm
        while len(self._partial) >= self._frame_bytes:
            self._frames.append(self._frame(bytes(self._partial[: self._frame_bytes])))
            del self._partial[: self._frame_bytes]
        self._arrived.set()

    def close(self) -> None:
        """End the stream; what is queued is still heard."""
        self._closed = True
        self._arrived.set()

    async def __anext__(self) -> rtc.AudioFrame:
        """The next frame, silence during a gap."""
        while not self._frames:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            try:
                async with asyncio.timeout(FRAME_MS / 1000 if self._gap else GAP_S):
                    await self._arrived.wait()
            except TimeoutError:
                return self._silence()
        self._gap = False
        return self._frames.popleft()

    def _silence(self) -> rtc.AudioFrame:
        first = not self._gap
        self._gap = True
        return self._frame(bytes(self._frame_bytes * (round(GAP_S * 1000 / FRAME_MS) if first else 1)))

    def _frame(self, pcm: bytes) -> rtc.AudioFrame:
        return rtc.AudioFrame(data=pcm, sample_rate=self._rate, num_channels=1, samples_per_channel=len(pcm) // 2)
