"""The caller's audio as the session hears it."""

import asyncio
from collections import deque

import numpy as np
from livekit import rtc
from livekit.agents.voice import io

from speko_worker.media.port import Tape

FRAME_MS = 20
# Five seconds: voice older than that is worth nothing to a conversation.
MAX_QUEUED_FRAMES = 250
# A client may stop sending while nobody speaks; without samples the VAD would wait for the end of speech forever.
GAP_S = 0.4
# A stream that breaks off in the middle of a sound is stalled: to hear silence there would end the caller's turn.
VOICED_GAP_S = 2.0
VOICE_LEVEL = 600
VOICE_FRAMES = 10
# A loop that wakes this late has not looked at its sockets either: what it waits for may be there.
LATE_S = 0.03


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
        # How many of the last frames to arrive were quiet, one after the other.
        self._quiet_frames = VOICE_FRAMES
        self.tape: Tape | None = None

    def push(self, pcm: bytes) -> None:
        """Take audio of any length, 16-bit mono; complete frames become available at once."""
        if self.tape is not None:
            self.tape.caller(pcm)
        self._partial += pcm
        while len(self._partial) >= self._frame_bytes:
            self._take(bytes(self._partial[: self._frame_bytes]))
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
            if not await self._arrives():
                return self._silence()
        self._gap = False
        return self._frames.popleft()

    def _take(self, pcm: bytes) -> None:
        self._frames.append(self._frame(pcm))
        loudest = int(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)).max())
        self._quiet_frames = 0 if loudest > VOICE_LEVEL else self._quiet_frames + 1

    async def _arrives(self) -> bool:
        """Wait for audio; False when there is a gap in the stream."""
        loop = asyncio.get_running_loop()
        while True:
            until = loop.time() + self._patience_s()
            try:
                async with asyncio.timeout_at(until):
                    await self._arrived.wait()
                return True
            except TimeoutError:
                if loop.time() - until < LATE_S:
                    return False

    def _patience_s(self) -> float:
        if self._gap:
            return FRAME_MS / 1000
        return VOICED_GAP_S if self._quiet_frames < VOICE_FRAMES else GAP_S

    def _silence(self) -> rtc.AudioFrame:
        first = not self._gap
        self._gap = True
        return self._frame(bytes(self._frame_bytes * (round(GAP_S * 1000 / FRAME_MS) if first else 1)))

    def _frame(self, pcm: bytes) -> rtc.AudioFrame:
        return rtc.AudioFrame(data=pcm, sample_rate=self._rate, num_channels=1, samples_per_channel=len(pcm) // 2)
