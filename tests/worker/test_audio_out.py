"""The paced output keeps the framework's contract: every segment ends exactly once, at the position that was heard."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from livekit import rtc
from livekit.agents.voice.io import PlaybackFinishedEvent, PlaybackProgressedEvent

from speko_worker.media import audio_out
from speko_worker.media.audio_out import LEAD_S, PacedAudioOutput

RATE = 24_000


@dataclass
class Sender:
    sent: list[tuple[float, bytes]] = field(default_factory=list)
    clears: int = 0

    def send_audio(self, pcm: bytes) -> None:
        self.sent.append((time.monotonic(), pcm))

    def clear_audio(self) -> None:
        self.clears += 1

    @property
    def pcm(self) -> bytes:
        return b"".join(pcm for _, pcm in self.sent)


@dataclass
class Played:
    output: PacedAudioOutput
    sender: Sender
    started: list[float] = field(default_factory=list)
    finished: list[PlaybackFinishedEvent] = field(default_factory=list)
    progressed: list[PlaybackProgressedEvent] = field(default_factory=list)


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    sender = Sender()
    output = PacedAudioOutput(sender, RATE)
    record = Played(output, sender)
    output.on("playback_started", lambda event: record.started.append(event.created_at))
    output.on("playback_finished", record.finished.append)
    output.on("playback_progressed", record.progressed.append)
    yield record
    await output.aclose()


def _audio(seconds: float, sample: int = 1) -> rtc.AudioFrame:
    count = round(seconds * RATE)
    data = sample.to_bytes(2, "little") * count
    return rtc.AudioFrame(data=data, sample_rate=RATE, num_channels=1, samples_per_channel=count)


async def test_a_segment_plays_in_real_time_and_ends_once(played: Played) -> None:
    """SES-8: everything captured is sent, no sooner than it can be heard."""
    began = time.monotonic()
    await played.output.capture_frame(_audio(0.3))
    await played.output.capture_frame(_audio(0.01))
    played.output.flush()
    event = await asyncio.wait_for(played.output.wait_for_playout(), 3)
    took = time.monotonic() - began
    assert len(played.sender.pcm) == round(0.31 * RATE) * 2
    assert 0.31 <= took < 0.6
    assert (event.interrupted, round(event.playback_position, 3)) == (False, 0.31)
    assert (len(played.started), len(played.finished)) == (1, 1)
    assert sum(run.duration for run in played.progressed) == pytest.approx(0.31)
    first_half = [at for at, _ in played.sender.sent if at - began < 0.15]
    assert len(first_half) <= (0.15 + LEAD_S) / 0.02 + 2


async def test_clearing_ends_the_segment_at_what_was_heard(played: Played) -> None:
    """SES-9: audio sent ahead and not yet heard does not count."""
    await played.output.capture_frame(_audio(5))
    played.output.flush()
    await asyncio.sleep(0.2)
    played.output.clear_buffer()
    event = await asyncio.wait_for(played.output.wait_for_playout(), 1)
    assert event.interrupted
    assert 0.15 < event.playback_position < 0.35
    assert played.sender.clears == 1
    sent = len(played.sender.sent)
    await asyncio.sleep(0.1)
    assert len(played.sender.sent) == sent


async def test_frames_that_arrive_after_a_clear_belong_to_the_cut_segment(played: Played) -> None:
    """SES-9: the producer's tail is dropped, the next segment plays."""
    await played.output.capture_frame(_audio(1))
    played.output.clear_buffer()
    await played.output.capture_frame(_audio(1, sample=7))
    played.output.flush()
    await played.output.capture_frame(_audio(0.1, sample=9))
    played.output.flush()
    await asyncio.wait_for(played.output.wait_for_playout(), 3)
    assert [event.interrupted for event in played.finished] == [True, False]
    assert b"\x07\x00" not in played.sender.pcm
    assert played.sender.pcm.count(b"\x09\x00") == round(0.1 * RATE)


async def test_clearing_nothing_is_silent(played: Played) -> None:
    """SES-9: an interruption while the agent thinks sends no `clear`, and the next segment is not marked by it."""
    played.output.clear_buffer()
    await played.output.capture_frame(_audio(0.05))
    played.output.flush()
    event = await asyncio.wait_for(played.output.wait_for_playout(), 2)
    assert not event.interrupted
    assert played.sender.clears == 0


async def test_a_pause_holds_the_audio_and_a_resume_continues_it(played: Played) -> None:
    """SES-9: false interruptions lose no word."""
    await played.output.capture_frame(_audio(0.4))
    played.output.flush()
    await asyncio.sleep(0.1)
    played.output.pause()
    await asyncio.sleep(0.03)
    held = len(played.sender.pcm)
    await asyncio.sleep(0.2)
    assert len(played.sender.pcm) == held
    assert played.output.is_stalled_since is None
    played.output.resume()
    event = await asyncio.wait_for(played.output.wait_for_playout(), 3)
    assert (event.interrupted, round(event.playback_position, 2)) == (False, 0.4)
    assert len(played.sender.pcm) == round(0.4 * RATE) * 2
    assert len(played.started) == 1


async def test_a_producer_that_stops_in_the_middle_is_seen_as_stalled(played: Played) -> None:
    """SES-9: the watchdog knows speaking from speaking-but-silent."""
    assert played.output.is_stalled_since is None
    await played.output.capture_frame(_audio(0.1))
    await asyncio.sleep(0.2)
    stalled = played.output.is_stalled_since
    assert stalled is not None
    assert time.monotonic() - stalled > 0.05
    played.output.flush()
    await asyncio.wait_for(played.output.wait_for_playout(), 2)
    assert played.output.is_stalled_since is None


async def test_a_fast_producer_waits_when_the_buffer_is_full(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """SES-8: memory is bounded."""
    monkeypatch.setattr(audio_out, "MAX_BUFFERED_S", 0.2)
    await played.output.capture_frame(_audio(0.5))
    began = time.monotonic()
    await asyncio.wait_for(played.output.capture_frame(_audio(0.1)), 3)
    assert time.monotonic() - began > 0.1
    played.output.clear_buffer()


async def test_closing_lets_nobody_wait(played: Played) -> None:
    """SES-8: a session can always be closed."""
    await played.output.capture_frame(_audio(5))
    waiting = asyncio.create_task(played.output.wait_for_playout())
    await asyncio.sleep(0)
    await played.output.aclose()
    assert (await asyncio.wait_for(waiting, 1)).interrupted
