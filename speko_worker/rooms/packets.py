"""Frames of a call as packets of a room's data channel, and back (docs/data-channel.md)."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from livekit import rtc
from livekit.rtc.participant import PublishDataError

from speko_core.types import JsonObject
from speko_worker import frames
from speko_worker.frames import ClientEvent

logger = logging.getLogger("speko.worker.rooms")

# What WebRTC carries in one message everywhere.
MAX_PACKET_BYTES = 15_000
MAX_WAITING = 500
MAX_EARLY = 16
PUBLISH_TIMEOUT_S = 5.0


def to_packet(frame: JsonObject) -> JsonObject | None:
    """The packet that says what a frame says; None for what a room needs no word for."""
    if frame["type"] == "clear":
        return None  # the track stops at its source
    if frame["type"] == "transcript" and frame["source"] == "agent":
        shown = {name: frame[name] for name in ("segmentId", "text", "isFinal")}
        return {"type": "agent_message", **shown}
    return frame


def read_packet(data: bytes) -> ClientEvent | None:
    """What a caller's packet asks for; None for anything else, because rooms carry other data, too."""
    if len(data) > MAX_PACKET_BYTES:
        return None
    try:
        return frames.parse_client_frame(data.decode())
    except ValueError:
        return None


class PacketReader:
    """What one caller sends, from the moment the room was joined: it may come before anybody is ready for it."""

    def __init__(self, room: rtc.Room) -> None:
        self._early: deque[rtc.DataPacket] = deque(maxlen=MAX_EARLY)
        self._identity = ""
        self._take: Callable[[ClientEvent], None] | None = None
        room.on("data_received", self._on_data)

    def deliver(self, identity: str, take: Callable[[ClientEvent], None]) -> None:
        """Hand out what this caller sent so far, and from now on what they send."""
        self._identity, self._take = identity, take
        while self._early:
            self._on_data(self._early.popleft())

    def _on_data(self, packet: rtc.DataPacket) -> None:
        if self._take is None:
            self._early.append(packet)
        elif packet.participant is not None and packet.participant.identity == self._identity:
            event = read_packet(packet.data)
            if event is not None:
                self._take(event)


class PacketWriter:
    """Publishes packets in order, one at a time; `aclose` ends it."""

    def __init__(self, room: rtc.Room) -> None:
        self._room = room
        self._waiting: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._publish(), name="speko.rooms.packets")

    def send(self, packet: JsonObject) -> None:
        """Queue a packet; dropped when it is too large for a room, or when the room takes none."""
        data = frames.encoded(packet)
        if len(data) > MAX_PACKET_BYTES or len(self._waiting) >= MAX_WAITING:
            logger.info("a packet was not sent", extra={"bytes": len(data), "waiting": len(self._waiting)})
            return
        self._waiting.append(data)
        self._arrived.set()

    async def aclose(self, timeout_s: float) -> None:
        """Publish what is waiting within a bound, then stop."""
        self._closing = True
        self._arrived.set()
        await asyncio.wait({self._task}, timeout=timeout_s)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _publish(self) -> None:
        try:
            while self._waiting or not self._closing:
                if not self._waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
                    continue
                async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                    await self._room.local_participant.publish_data(self._waiting.popleft(), reliable=True)
        except (PublishDataError, TimeoutError):
            logger.info("the room takes no packets any more")
