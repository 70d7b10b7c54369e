"""A caller in a room, with the client library that LiveKit publishes."""

import asyncio
import io
import json
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soxr
from livekit import rtc

RATE = 48_000
FRAME = RATE // 100
HEARD_RATE = 16_000
# Above what Opus makes of silence, below the quietest syllable of the offline voices.
LOUD = 300
# Longer than any pause within a sentence.
PAUSE_S = 0.5


@dataclass
class RoomCaller:
    """Publishes a microphone that is silent unless it speaks; keeps packets and what it hears."""

    room: rtc.Room
    packets: list[dict[str, Any]] = field(default_factory=list)
    agent_joined: float | None = None
    left_because: int | None = None
    heard: list[tuple[float, int]] = field(default_factory=list)
    _voice: bytearray = field(default_factory=bytearray)

    def say(self, wav: bytes) -> float:
        """Speak, beginning now; returns how long it takes in seconds."""
        pcm = _resampled(wav)
        self._voice += pcm
        return len(pcm) / 2 / RATE

    async def send(self, packet: dict[str, Any] | bytes) -> None:
        """Put a packet on the data channel."""
        data = packet if isinstance(packet, bytes) else json.dumps(packet).encode()
        await self.room.local_participant.publish_data(data, reliable=True)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Received packets of a type."""
        return [packet for packet in self.packets if packet["type"] == kind]

    @property
    def is_speaking(self) -> bool:
        """Not all that it has to say is said."""
        return bool(self._voice)

    @property
    def last_heard(self) -> float:
        """When the agent was last audible, in monotonic seconds; 0 before."""
        return next((moment for moment, level in reversed(self.heard) if level > LOUD), 0.0)

    def silence_after(self, moment: float) -> float | None:
        """When the agent was last audible before it said nothing for a while; None as long as it speaks."""
        last = moment
        for at, level in self.heard:
            if at > last + PAUSE_S:
                return last
            if level > LOUD and at > moment:
                last = at
        return None

    async def _speak(self, source: rtc.AudioSource) -> None:
        while True:
            pcm = bytes(self._voice[: FRAME * 2]).ljust(FRAME * 2, b"\0")
            del self._voice[: FRAME * 2]
            await source.capture_frame(rtc.AudioFrame(pcm, RATE, 1, FRAME))

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream.from_track(track=track, sample_rate=HEARD_RATE, num_channels=1, frame_size_ms=20)
        async for event in stream:
            level = int(np.abs(np.frombuffer(event.frame.data, np.int16)).max(initial=0))
            self.heard.append((time.monotonic(), level))
        await stream.aclose()


def _resampled(wav: bytes) -> bytes:
    with wave.open(io.BytesIO(wav)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return bytes(soxr.resample(samples, file.getframerate(), RATE).astype(np.int16).tobytes())


@asynccontextmanager
async def in_room(url: str, token: str) -> AsyncIterator[RoomCaller]:
    """Join, publish a microphone, listen to whoever speaks; leave at the end."""
    room = rtc.Room()
    caller = RoomCaller(room)
    tasks: list[asyncio.Task[None]] = []

    def _joined(participant: rtc.RemoteParticipant) -> None:
        caller.agent_joined = caller.agent_joined or time.monotonic()

    def _heard(track: rtc.Track, _publication: object, _participant: object) -> None:
        tasks.append(asyncio.create_task(caller._listen(track)))

    def _left(reason: int) -> None:
        caller.left_because = reason

    room.on("participant_connected", _joined)
    room.on("track_subscribed", _heard)
    room.on("data_received", lambda packet: caller.packets.append({**json.loads(packet.data), "at": time.monotonic()}))
    room.on("disconnected", _left)
    await room.connect(url, token)
    for present in room.remote_participants.values():
        _joined(present)
    source = rtc.AudioSource(RATE, 1, queue_size_ms=100)
    track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
    await room.local_participant.publish_track(track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
    tasks.append(asyncio.create_task(caller._speak(source)))
    try:
        yield caller
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await room.disconnect()
