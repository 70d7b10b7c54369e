"""The caller's voice out of a room: whichever audio track they publish last."""

import asyncio

from livekit import rtc

from speko_worker.media.audio_in import FRAME_MS, QueuedAudioInput

# Two seconds; a loop that is busier than that loses the oldest audio.
MAX_FRAMES = 100


class Microphone:
    """Feeds an audio input from one participant's tracks; `aclose` ends it."""

    def __init__(self, room: rtc.Room, identity: str, audio_input: QueuedAudioInput, sample_rate: int) -> None:
        self._identity = identity
        self._input = audio_input
        self._rate = sample_rate
        self._task: asyncio.Task[None] | None = None
        room.on("track_subscribed", self._on_track)
        caller = room.remote_participants.get(identity)
        for publication in caller.track_publications.values() if caller else ():
            if publication.track is not None:
                self._listen_to(publication.track)

    async def aclose(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _on_track(
        self, track: rtc.Track, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        if participant.identity == self._identity:
            self._listen_to(track)

    def _listen_to(self, track: rtc.Track) -> None:
        if track.kind != rtc.TrackKind.KIND_AUDIO:
            return
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._listen(track), name="speko.rooms.microphone")

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream.from_track(
            track=track, capacity=MAX_FRAMES, sample_rate=self._rate, num_channels=1, frame_size_ms=FRAME_MS
        )
        try:
            async for heard in stream:
                self._input.push(bytes(heard.frame.data))
        finally:
            await stream.aclose()
