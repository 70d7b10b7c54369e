"""The agent's audio, paced in real time: 20 ms frames, pause and resume, an exact account of what was played."""

import asyncio
import time
from collections import deque
from contextlib import suppress

from livekit import rtc
from livekit.agents.voice import io

from speko_worker.background.mixer import Background
from speko_worker.media.port import Tape
from speko_worker.media.segments import AudioSender, Run, Segment

FRAME_S = 0.02
# Sent ahead of real time so that network jitter does not become a gap; on `clear` the caller drops at most this much.
LEAD_S = 0.08
# The same for what is heard between replies; a reply that begins waits for it, so it is less.
IDLE_LEAD_S = 0.03
# Synthesis runs faster than speech. Past this much unplayed audio the producer waits, so memory stays bounded.
MAX_BUFFERED_S = 30.0
_TICK_S = 0.005


class PacedAudioOutput(io.AudioOutput):
    """Plays captured frames in real time through a sender; `aclose` cancels its task."""

    def __init__(self, sender: AudioSender, sample_rate: int, *, lead_s: float = LEAD_S) -> None:
        can = io.AudioOutputCapabilities(pause=True)
        super().__init__(label="speko.media", capabilities=can, next_in_chain=None, sample_rate=sample_rate)
        self._sender = sender
        self.tape: Tape | None = None
        self._background: Background | None = None
        self._idle_until = 0.0
        self._rate, self._lead_s = sample_rate, lead_s
        self._frame_bytes = round(sample_rate * FRAME_S) * 2
        self._segments: deque[Segment] = deque()
        self._run: Run | None = None
        self._paused = self._cut = False
        self._owed_since: float | None = None
        self._wake, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._task = asyncio.create_task(self._pace(), name="speko.media.pace")

    @property
    def is_stalled_since(self) -> float | None:
        """Since when a segment is open and nothing of it plays (a pause is not a stall)."""
        return None if self._paused else self._owed_since

    def play_under(self, background: Background) -> None:
        """From now on the sounds of the call are heard, also while the agent says nothing."""
        self._background = background
        background.changed = self._wake.set
        self._wake.set()

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Take audio faster than real time; waits while 30 s are buffered."""
        await self._room.wait()
        await super().capture_frame(frame)
        if self._cut:
            return
        if not self._segments or self._segments[-1].complete:
            self._segments.append(Segment())
            self._owed_since = self._owed_since or time.monotonic()
        self._segments[-1].audio += bytes(frame.data)
        self._update_room()
        self._wake.set()

    def flush(self) -> None:
        """Mark the present segment as complete."""
        super().flush()
        self._cut = False
        if self._segments:
            self._segments[-1].complete = True
        self._wake.set()

    def clear_buffer(self) -> None:
        """Stop at once: every pending segment ends as interrupted at the position the caller heard."""
        if not self._segments:
            return
        # Frames that still arrive before the producer's flush belong to the segment that was cut.
        self._cut = not self._segments[-1].complete
        self._sender.clear_audio()
        if self.tape is not None:
            self.tape.cut()
        pending, self._segments = self._segments, deque()
        heard = self._end_run(cut=True) if self._run else pending[0].sent_s
        for index, segment in enumerate(pending):
            self._finish(segment, position=heard if index == 0 else 0.0, interrupted=True)
        self._update_room()
        self._wake.set()

    def pause(self) -> None:
        """Hold the audio back; resuming continues where it stopped."""
        super().pause()
        self._paused = True
        self._wake.set()

    def resume(self) -> None:
        """Go on playing."""
        super().resume()
        self._paused = False
        if self._owed_since is not None:
            self._owed_since = time.monotonic()
        self._wake.set()

    async def aclose(self) -> None:
        """Stop for good; pending segments end as interrupted so that nobody waits for them."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.clear_buffer()

    async def _pace(self) -> None:
        while True:
            if not self._paused and self._segments and self._step():
                await asyncio.sleep(self._until_next())
            elif not self._paused and self._run and time.monotonic() < self._run.ends:
                # Audio sent ahead is still playing: what comes now continues this run.
                await asyncio.sleep(_TICK_S)
            else:
                self._end_run(cut=False)
                await self._idle()

    async def _idle(self) -> None:
        """Wait for something to do; between replies the sounds of the call go on."""
        self._wake.clear()
        if self._background is None or not self._background.is_on:
            await self._wake.wait()
            return
        self._idle_until = max(self._idle_until, time.monotonic())
        while time.monotonic() >= self._idle_until - IDLE_LEAD_S:
            self._idle_until += FRAME_S
            self._play(self._background.alone(self._frame_bytes // 2))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._idle_until - IDLE_LEAD_S - time.monotonic()):
                await self._wake.wait()

    def _play(self, pcm: bytes) -> None:
        self._sender.send_audio(pcm)
        if self.tape is not None:
            self.tape.agent(pcm)

    def _step(self) -> bool:
        """Send what is due; False when there is nothing to play until something changes."""
        segment = self._segments[0]
        if len(segment.audio) >= self._frame_bytes or (segment.audio and segment.complete):
            self._send_due(segment)
            return True
        if not segment.complete:
            return False
        if self._run is None or time.monotonic() >= self._run.ends:
            self._segments.popleft()
            self._end_run(cut=False)
            self._finish(segment, position=segment.sent_s, interrupted=False)
        return True

    def _send_due(self, segment: Segment) -> None:
        run = self._run or self._begin_run(segment)
        while segment.audio and time.monotonic() >= run.ends - self._lead_s:
            pcm = bytes(segment.audio[: self._frame_bytes])
            if len(pcm) < self._frame_bytes and not segment.complete:
                return
            del segment.audio[: len(pcm)]
            seconds = len(pcm) / 2 / self._rate
            run.sent_s += seconds
            segment.sent_s += seconds
            self._owed_since = time.monotonic()
            self._play(self._background.under(pcm) if self._background else pcm)
        self._update_room()

    def _until_next(self) -> float:
        if self._run is None or not self._segments:
            return 0.0
        due = self._run.ends - (self._lead_s if self._segments[0].audio else 0.0)
        return min(FRAME_S, max(_TICK_S, due - time.monotonic()))

    def _begin_run(self, segment: Segment) -> Run:
        self._run = run = Run(time.monotonic(), time.time(), segment.sent_s)
        if not segment.announced:
            segment.announced = True
            self.on_playback_started(created_at=run.began_wall)
        return run

    def _end_run(self, *, cut: bool) -> float:
        """Close the run and report it; returns the position heard in the segment, in seconds."""
        run, self._run = self._run, None
        if run is None:
            return 0.0
        played = run.played_s(time.monotonic()) if cut else run.sent_s
        if played > 0:
            self.on_playback_progressed(started_at=run.began_wall, offset=run.offset_s, duration=played)
        return run.offset_s + played

    def _finish(self, segment: Segment, *, position: float, interrupted: bool) -> None:
        self._owed_since = time.monotonic() if self._segments else None
        self.on_playback_finished(playback_position=position, interrupted=interrupted)

    def _update_room(self) -> None:
        buffered = sum(len(segment.audio) for segment in self._segments) / 2 / self._rate
        (self._room.set if buffered < MAX_BUFFERED_S else self._room.clear)()
