"""What a call's recording has: both sides where they were heard, whole, delivered, and never at the call's cost."""

import asyncio
import io
import math
import os
import struct
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import av
import numpy as np
import pytest

from speko_core.settings import Settings
from speko_worker.recording.encoder import OggOpusFile
from speko_worker.recording.timeline import HOLD_S, Timeline
from tests.worker.caller import RATE, calling
from tests.worker.conftest import until
from tests.worker.fake_gateway import FakeGateway, FakeSession

FILE_RATE = 48_000  # Opus decodes to it whatever went in
AGENT_HZ, CALLER_HZ = 300, 1_000
WITHIN_S = 0.05
BLUR_S = 0.03
# What a caller sees on a busy machine is later than what happened; the exact places are tried on a clock of their own.
SEEN_WITHIN_S = 0.2


def tone(hz: int, seconds: float, rate: int = RATE) -> bytes:
    count = int(seconds * rate)
    return struct.pack(f"<{count}h", *(int(9000 * math.sin(2 * math.pi * hz * n / rate)) for n in range(count)))


def decoded(file: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    with av.open(io.BytesIO(file), "r") as opened:
        stream = opened.streams.audio[0]
        assert (opened.format.name, stream.codec_context.name, stream.channels) == ("ogg", "opus", 1)
        return np.concatenate([frame.to_ndarray().reshape(-1) for frame in opened.decode(audio=0)])


def heard(samples: np.ndarray[tuple[int], np.dtype[np.float32]], hz: int) -> list[tuple[float, float]]:
    """From when to when a tone of this frequency sounds, in seconds; looked at in pieces of 10 ms."""
    size = FILE_RATE // 100
    wave = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / FILE_RATE)
    pieces = (samples * wave)[: len(samples) // size * size].reshape(-1, size)
    sounding = np.flatnonzero(np.abs(pieces.mean(axis=1)) > 0.03)
    # The codec takes the other side's jump from one sentence to the next for a consonant and blurs a few milliseconds.
    stretches = np.split(sounding, np.flatnonzero(np.diff(sounding) > BLUR_S * 100) + 1)
    return [(int(found[0]) / 100, int(found[-1] + 1) / 100) for found in stretches if len(found) > 3]


async def recording_of(session: FakeSession) -> bytes:
    await until(lambda: session.recording is not None)
    assert session.recording is not None
    return session.recording


@pytest.mark.usefixtures("worker")
async def test_both_sides_lie_where_they_were_heard_and_nothing_that_was_cut(gateway: FakeGateway) -> None:
    """SES-4: the agent's speech up to the interruption, and the whole call."""
    gateway.script.transcripts = [""]
    taking = {"minEndpointingS": 0.2, "interruptionMinS": 5.0}
    session = gateway.create(firstMessage="We are open. " * 20, firstMessageMode="say", record=True, turnTaking=taking)
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.audio))
        await asyncio.sleep(0.5)
        caller._voice += tone(CALLER_HZ, 0.3)
        spoke = time.monotonic()
        await asyncio.sleep(0.6)
        gateway.script.llm_delay_s = 30
        await caller.type("stop")
        await until(lambda: bool(caller.of("clear")))
        cut, began = time.monotonic(), caller.audio[0][0]
        await asyncio.sleep(0.3)
        ended = time.monotonic()
    samples = decoded(await recording_of(session))
    callers, agent = heard(samples, CALLER_HZ), heard(samples, AGENT_HZ)
    assert len(callers) == 1, callers
    said = callers[0]
    assert said[0] - agent[0][0] == pytest.approx(spoke - began, abs=SEEN_WITHIN_S)
    assert said[1] - said[0] == pytest.approx(0.3, abs=SEEN_WITHIN_S)
    assert agent[-1][1] - agent[0][0] == pytest.approx(cut - began, abs=SEEN_WITHIN_S)
    assert len(samples) / FILE_RATE == pytest.approx(agent[0][0] + ended - began, abs=1.0)
    assert session.recording_ms == pytest.approx(len(samples) / FILE_RATE * 1000, abs=100)
    assert session.recording_failed is False


@pytest.mark.usefixtures("worker")
async def test_a_file_waits_for_a_gateway_that_is_away_and_leaves_the_disk(
    gateway: FakeGateway, settings: Settings
) -> None:
    """SES-4, SES-5"""
    session = gateway.create(firstMessage="Good morning.", firstMessageMode="say", record=True)
    folder = settings.data_dir / "worker-recordings"
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("turn")))
        gateway.away = True
    await asyncio.sleep(0.5)
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]
    gateway.away = False
    assert (await recording_of(session)).startswith(b"OggS")
    await until(lambda: not list(folder.iterdir()))
    assert session.finished is not None


@pytest.mark.usefixtures("worker")
async def test_a_full_disk_costs_the_recording_and_nothing_else(gateway: FakeGateway, settings: Settings) -> None:
    """SES-4"""
    folder = settings.data_dir / "worker-recordings"
    folder.mkdir()
    (folder / f"s1.{os.getpid()}.ogg").symlink_to("/dev/full")
    session = gateway.create("s1", firstMessage="Good morning.", firstMessageMode="say", record=True)
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("turn")))
    await until(lambda: session.recording_failed)
    assert (session.recording, list(folder.iterdir())) == (None, [])
    assert session.finished is not None
    assert session.finished["status"] == "ended"


@pytest.mark.usefixtures("worker")
async def test_a_call_that_is_not_recorded_leaves_no_file(
    gateway: FakeGateway, settings: Settings, worker: Callable[[], Awaitable[None]]
) -> None:
    """SES-4: nothing is written, not even for a moment."""
    session = gateway.create(firstMessage="Good morning.", firstMessageMode="say", record=False)
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("turn")))
        assert not (settings.data_dir / "worker-recordings").exists()
    await until(lambda: session.finished is not None)
    await worker()
    assert (session.recording, session.recording_failed) == (None, False)


class Clock:
    """Seconds since the call began, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_tones_of_both_sides_are_found_in_the_file_where_they_sounded(tmp_path: Path) -> None:
    """SES-4: within 50 ms, an interrupted answer up to its cut."""
    clock = Clock()
    timeline, file = Timeline(RATE, 24_000, clock), OggOpusFile(tmp_path / "call.ogg", RATE, 24_000)
    said, answer = tone(CALLER_HZ, 0.5), tone(AGENT_HZ, 2.0, 24_000)
    for frame in range(300):
        if frame == 50:
            timeline.agent(answer)
        if frame == 125:
            timeline.cut()
        clock.now = (frame + 1) * 0.02
        at = (frame - 200) * len(said) // 25
        timeline.caller(said[at : at + len(said) // 25] if 0 <= at < len(said) else bytes(len(said) // 25))
        if frame % 50 == 49:
            file.write(*timeline.take())
    file.write(*timeline.take(whole=True), last=True)
    assert file.close() == pytest.approx(6_000, abs=20)
    samples = decoded((tmp_path / "call.ogg").read_bytes())
    assert heard(samples, AGENT_HZ) == [pytest.approx((1.0, 2.5), abs=WITHIN_S)]
    assert heard(samples, CALLER_HZ) == [pytest.approx((4.0, 4.5), abs=WITHIN_S)]


def placed(arrivals: list[float], *, frame_s: float = 0.02) -> list[float]:
    """Where the frames that arrived at these moments came to lie: each has its own number as its samples."""
    clock = Clock()
    timeline = Timeline(1000, 1000, clock)
    taken = bytearray()
    for number, moment in enumerate(arrivals, 1):
        clock.now = moment
        taken += timeline.take()[0]
        timeline.caller(struct.pack("<h", number) * int(frame_s * 1000))
    clock.now += HOLD_S
    taken += timeline.take(whole=True)[0]
    samples = np.frombuffer(bytes(taken), "<i2")
    return [float(np.flatnonzero(samples == number)[0]) / 1000 for number in range(1, len(arrivals) + 1)]


def steady(count: int, begin: float = 0.0, step: float = 0.02) -> list[float]:
    return [begin + step * (number + 1) for number in range(count)]


@pytest.mark.parametrize(
    ("arrivals", "spoken"),
    [
        (steady(100), steady(100)),
        ([moment + 0.02 * (number % 2) for number, moment in enumerate(steady(100))], steady(100)),
        ([*steady(50), *([1.6] * 30), *steady(20, 1.6)], steady(100)),
        ([*steady(50), *steady(50, 4.0)], [*steady(50), *steady(50, 4.0)]),
        (steady(50, 0.7), steady(50, 0.7)),
        (steady(3000, step=0.01999), steady(3000, step=0.01999)),
        (steady(3000, step=0.02001), steady(3000, step=0.02001)),
    ],
    ids=["steady", "jitter", "stall that catches up", "gap", "late start", "fast clock", "slow clock"],
)
def test_the_caller_is_placed_when_he_spoke(arrivals: list[float], spoken: list[float]) -> None:
    """SES-4: within 50 ms, whatever the network does."""
    for found, moment in zip(placed(arrivals), spoken, strict=True):
        assert found == pytest.approx(moment - 0.02, abs=WITHIN_S)


def test_a_recording_that_nobody_writes_does_not_fill_the_memory() -> None:
    """SES-4: a disk that hangs costs a minute of audio at most."""
    clock = Clock()
    timeline = Timeline(1000, 1000, clock)
    for _ in range(20):
        clock.now += 10
        timeline.caller(bytes(20_000))
        timeline.agent(bytes(20_000))
    clock.now = 70
    assert len(timeline._agent._pcm) + len(timeline._caller._pcm) < 400_000
