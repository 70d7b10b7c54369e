"""What waits to be sent to one caller: frames and audio in one order, bounded."""

import asyncio
import json
from collections import deque

from speko_core.types import JsonObject
from speko_worker import frames

# One second of audio and a few hundred frames: past that the caller's connection does not take what we send.
MAX_AUDIO = 50
MAX_FRAMES = 500


class Outbox:
    """Text and audio in sending order.

    When the caller reads too slowly the oldest audio is dropped, as late audio only adds delay; frames are never
    dropped, and too many of them mean the caller is lost (`overflowed`).
    """

    def __init__(self) -> None:
        self._items: deque[str | bytes] = deque()
        self._audio = 0
        self._ready = asyncio.Event()
        self._closed = False
        self.overflowed = asyncio.Event()
        self.dropped_audio = 0

    def send(self, frame: JsonObject) -> None:
        """Queue a frame."""
        if self._closed:
            return
        if len(self._items) - self._audio >= MAX_FRAMES:
            self.overflowed.set()
            return
        self._items.append(json.dumps(frame, separators=(",", ":")))
        self._ready.set()

    def send_audio(self, pcm: bytes) -> None:
        """Queue one audio frame."""
        if self._closed:
            return
        if self._audio >= MAX_AUDIO:
            self._drop_oldest_audio()
        self._items.append(pcm)
        self._audio += 1
        self._ready.set()

    def clear_audio(self) -> None:
        """Take back queued audio and tell the caller to drop what it has."""
        self._items = deque(item for item in self._items if isinstance(item, str))
        self._audio = 0
        self.send(frames.clear())

    def close(self) -> None:
        """Nothing more will be sent: `take` ends once it has handed out the rest."""
        self._closed = True
        self._ready.set()

    async def take(self) -> str | bytes | None:
        """The next item; waits for one. None after `close`."""
        while not self._items:
            if self._closed:
                return None
            self._ready.clear()
            await self._ready.wait()
        item = self._items.popleft()
        if isinstance(item, bytes):
            self._audio -= 1
        return item

    def _drop_oldest_audio(self) -> None:
        for index, item in enumerate(self._items):
            if isinstance(item, bytes):
                del self._items[index]
                self._audio -= 1
                self.dropped_audio += 1
                return
