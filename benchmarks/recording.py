"""What recording a call costs: processor time as a share of one core, and the size of the file.

Twenty milliseconds of both sides at a time are placed and, once a second, mixed and encoded, as in a call, only faster.

    python benchmarks/recording.py --minutes 10
"""

import argparse
import json
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from speko_worker.recording.encoder import OggOpusFile
from speko_worker.recording.timeline import Timeline

CALLER_RATE, AGENT_RATE = 16_000, 24_000
FRAMES_A_SECOND = 50


class CallClock:
    """The call's seconds, as fast as the machine goes."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def babble(rate: int, pitch: float) -> list[bytes]:
    """A second like speech in frames: harmonics of a pitch under syllables, and some noise."""
    moments = np.arange(rate) / rate
    voice = sum(np.sin(2 * np.pi * pitch * harmonic * moments) / harmonic for harmonic in range(1, 20))
    noise = np.random.default_rng(7).normal(0, 0.1, rate)
    samples = (4000 * (voice * (1 + np.sin(2 * np.pi * 4 * moments)) + noise)).clip(-32_768, 32_767).astype("<i2")
    return [piece.tobytes() for piece in np.split(samples, FRAMES_A_SECOND)]


def record(path: Path, seconds: int) -> dict[str, float]:
    """Record a call of this length; both sides speak all the time, which is the most work there can be."""
    clock = CallClock()
    timeline, file = Timeline(CALLER_RATE, AGENT_RATE, clock), OggOpusFile(path, CALLER_RATE, AGENT_RATE)
    caller, agent = babble(CALLER_RATE, 120), babble(AGENT_RATE, 210)
    began = time.process_time()
    for _ in range(seconds):
        for said, answered in zip(caller, agent, strict=True):
            timeline.agent(answered)
            clock.now += 1 / FRAMES_A_SECOND
            timeline.caller(said)
        file.write(*timeline.take())
    file.write(*timeline.take(whole=True), last=True)
    length_ms = file.close()
    spent = time.process_time() - began
    return {
        "callSeconds": length_ms / 1000,
        "cpuPercentOfOneCore": round(spent / seconds * 100, 2),
        "kilobitsPerSecond": round(path.stat().st_size * 8 / length_ms, 1),
    }


def held_kib(seconds: int) -> float:
    """The most that a call's recording holds in memory at once, as Python sees it."""
    with tempfile.TemporaryDirectory() as folder:
        tracemalloc.start()
        record(Path(folder) / "call.ogg", seconds)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return round(peak / 1024, 1)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=10)
    seconds = parser.parse_args().minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        figures = record(Path(folder) / "call.ogg", seconds)
    print(json.dumps({**figures, "peakKiB": {"oneMinute": held_kib(60), "fiveMinutes": held_kib(300)}}))


if __name__ == "__main__":
    main()
