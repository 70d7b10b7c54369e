"""The agent's paced audio on its way into a room's track."""

import asyncio
import time
from collections import deque

from livekit import rtc

# More than the output ever sends ahead: taking a frame never waits.
TRACK_QUEUE_MS = 200
# A second of 20 ms frames: what the track has not taken by then is too late to be heard.
MAX_WAITING = 50


class Speaker:
    """An `AudioSender` that plays into a track; `aclose` cancels its task."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._source = rtc.AudioSource(sample_rate, 1, queue_size_ms=TRACK_QUEUE_MS)
        self.track = rtc.LocalAudioTrack.create_audio_track("agent", self._source)
        self._waiting: deque[bytes] = deque(maxlen=MAX_WAITING)
        self._arrived = asyncio.Event()
        self._taking_since: float | None = None
        self._task = asyncio.create_task(self._play(), name="speko.rooms.speaker")

    @property
    def stuck_since(self) -> float | None:
        """Since when the track has been taking one frame, in monotonic seconds; None while it waits for some."""
        return self._taking_since

    def send_audio(self, pcm: bytes) -> None:
        """Queue one frame; the oldest is dropped when the track does not take them."""
        self._waiting.append(pcm)
        self._arrived.set()

    def clear_audio(self) -> None:
        """Take back what has not been played."""
        self._waiting.clear()
        self._source.clear_queue()

    async def aclose(self) -> None:
        """Stop playing."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._source.aclose()

    async def _play(self) -> None:
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            pcm = self._waiting.popleft()
            self._taking_since = time.monotonic()
            await self._source.capture_frame(rtc.AudioFrame(pcm, self._rate, 1, len(pcm) // 2))
            self._taking_since = None
