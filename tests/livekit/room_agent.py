"""An agent in a room that follows a test instead of a plan: publishes a tone and packets, keeps what it is sent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from livekit import api, rtc

from tests.livekit.server import KEY, SECRET

RATE = 24_000
FRAME = RATE // 50


def room_token(room: str, identity: str, kind: str = "standard", minutes: float = 10) -> str:
    """A credential for one participant."""
    token = api.AccessToken(KEY, SECRET).with_identity(identity).with_ttl(timedelta(minutes=minutes))
    return token.with_kind(kind).with_grants(api.VideoGrants(room_join=True, room=room)).to_jwt()


@dataclass
class RoomAgent:
    """In the room; `packets` are those of callers, `muted` follows the caller's microphone, None before it is there."""

    room: rtc.Room
    packets: list[Any] = field(default_factory=list)
    muted: bool | None = None

    async def send(self, packet: object) -> None:
        """Publish a packet: bytes as they are, everything else as JSON."""
        data = packet if isinstance(packet, bytes) else json.dumps(packet).encode()
        await self.room.local_participant.publish_data(data, reliable=True)

    async def transcribe(self, segment_id: str, text: str, *, final: bool) -> None:
        """Publish a transcription of the agent's own track, the way of LiveKit's framework."""
        track = next(iter(self.room.local_participant.track_publications))
        segment = rtc.TranscriptionSegment(segment_id, text, 0, 0, "en", final)
        whose = self.room.local_participant.identity
        await self.room.local_participant.publish_transcription(rtc.Transcription(whose, track, [segment]))

    def _watch(self) -> None:
        self.room.on("data_received", lambda packet: self.packets.append(json.loads(packet.data)))
        self.room.on("track_published", lambda *_: self._set_muted(False))
        self.room.on("track_muted", lambda *_: self._set_muted(True))
        self.room.on("track_unmuted", lambda *_: self._set_muted(False))

    def _set_muted(self, muted: bool) -> None:
        self.muted = muted


@asynccontextmanager
async def agent_in(url: str, room_name: str) -> AsyncIterator[RoomAgent]:
    """Join as an agent and hum until the block ends."""
    room = rtc.Room()
    agent = RoomAgent(room)
    agent._watch()
    await room.connect(url, room_token(room_name, "agent", "agent"))
    source = rtc.AudioSource(RATE, 1, queue_size_ms=100)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False)
    await room.local_participant.publish_track(rtc.LocalAudioTrack.create_audio_track("agent", source), options)
    humming = asyncio.create_task(_hum(source))
    try:
        yield agent
    finally:
        humming.cancel()
        await asyncio.gather(humming, return_exceptions=True)
        await room.disconnect()


async def _hum(source: rtc.AudioSource) -> None:
    wave = (12_000 * np.sin(2 * np.pi * 440 * np.arange(FRAME) / RATE)).astype(np.int16).tobytes()
    while True:
        await source.capture_frame(rtc.AudioFrame(wave, RATE, 1, FRAME))
