"""A LiveKit room as a call's media: one caller, the agent's track, the data channel."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from livekit import rtc

from speko_core.types import JsonObject
from speko_worker import frames
from speko_worker.background.mixer import Background
from speko_worker.frames import ClientEvent, UserMessage
from speko_worker.media.audio_in import QueuedAudioInput
from speko_worker.media.audio_out import PacedAudioOutput
from speko_worker.media.caller_events import CallerEvents
from speko_worker.media.port import Tape
from speko_worker.rooms.microphone import Microphone
from speko_worker.rooms.packets import PacketReader, PacketWriter, to_packet
from speko_worker.rooms.speaker import Speaker

logger = logging.getLogger("speko.worker.rooms")

CLOSE_TIMEOUT_S = 2.0
# Half of what the socket needs: WebRTC evens out the network itself, and an interruption has less left to play.
LEAD_S = 0.04


class RoomMedia:
    """A `MediaTransport` in a connected room. `leave` removes the room; `open` first, `close` once."""

    def __init__(
        self,
        room: rtc.Room,
        identity: str,
        inbox: PacketReader,
        leave: Callable[[], Awaitable[None]],
        *,
        input_rate: int,
        output_rate: int,
    ) -> None:
        self._room, self._identity, self._leave = room, identity, leave
        self._events = CallerEvents()
        self._speaker = Speaker(output_rate)
        self._packets = PacketWriter(room)
        self.audio_input = QueuedAudioInput(input_rate)
        self.audio_output = PacedAudioOutput(self._speaker, output_rate, lead_s=LEAD_S)
        self.playout = self
        self._microphone = Microphone(room, identity, self.audio_input, input_rate)
        inbox.deliver(identity, self._on_event)
        room.on("participant_disconnected", self._on_participant_gone)
        room.on("disconnected", self._on_disconnected)

    async def open(self) -> None:
        """Publish the agent's track. A caller who left meanwhile has hung up."""
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False)
        await self._room.local_participant.publish_track(self._speaker.track, options)
        if self._identity not in self._room.remote_participants:
            self._lose()

    @property
    def is_stalled_since(self) -> float | None:
        """Since when audio is owed and none is played: nothing is produced, or the track takes nothing."""
        return self._speaker.stuck_since or self.audio_output.is_stalled_since

    def record_to(self, tape: Tape) -> None:
        """The tape hears what arrives and what is played."""
        self.audio_input.tape = self.audio_output.tape = tape

    def play_under(self, background: Background) -> None:
        """The sounds of the call are heard."""
        self.audio_output.play_under(background)

    def send(self, frame: JsonObject) -> None:
        """Queue a frame, as the packet that says the same."""
        packet = to_packet(frame)
        if packet is not None:
            self._packets.send(packet)

    def events(self) -> AsyncIterator[ClientEvent]:
        """What arrives on the data channel, and the final hang-up."""
        return self._events.until_hangup()

    async def close(self, code: int) -> None:
        """Publish what is queued, remove the room: callers' clients see that the agent ended the call."""
        await self.audio_output.aclose()
        self.audio_input.close()
        await self._packets.aclose(CLOSE_TIMEOUT_S)
        await self._microphone.aclose()
        await self._speaker.aclose()
        await self._leave()

    def _on_event(self, event: ClientEvent) -> None:
        if self._events.offer(event) and isinstance(event, UserMessage):
            self._packets.send(frames.user_message_echo(event.text))

    def _on_participant_gone(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._identity:
            self._lose()

    def _on_disconnected(self, reason: object) -> None:
        self._lose()

    def _lose(self) -> None:
        self.audio_input.close()
        self._events.hang_up()
