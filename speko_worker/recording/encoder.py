"""The file: one mono Ogg Opus of about 24 kbit/s, written as the call goes on."""

import os
from pathlib import Path

import av
import numpy as np
import soxr

RATE = 24_000
BIT_RATE = 24_000
# Sixty milliseconds a packet and a modest search: speech needs no more, and the call next door needs the processor.
_OPTIONS = {"application": "voip", "vbr": "on", "frame_duration": "60", "compression_level": "3"}

Samples = np.ndarray[tuple[int], np.dtype[np.int16]]


class _Side:
    """One side on its way to the file's rate; what the resampler still holds comes with the next piece."""

    def __init__(self, rate: int) -> None:
        self._resampler = soxr.ResampleStream(rate, RATE, 1, dtype="int16", quality="MQ") if rate != RATE else None
        self._ready: Samples = np.zeros(0, np.int16)

    def push(self, pcm: bytes, *, last: bool) -> int:
        samples = np.frombuffer(pcm, "<i2").astype(np.int16)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        self._ready = np.concatenate([self._ready, samples])
        return len(self._ready)

    def pull(self, count: int) -> Samples:
        taken, self._ready = self._ready[:count], self._ready[count:]
        return taken


class OggOpusFile:
    """Mixes and encodes. Every method blocks; `OSError` or `av.FFmpegError` when the disk does not take it."""

    def __init__(self, path: Path, caller_rate: int, agent_rate: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        self._sides = (_Side(caller_rate), _Side(agent_rate))
        self._file = av.open(str(path), "w", format="ogg", options={"flush_packets": "1"})
        self._stream = self._file.add_stream("libopus", rate=RATE, layout="mono", options=_OPTIONS)
        self._stream.bit_rate = BIT_RATE
        self._samples = 0

    def write(self, caller: bytes, agent: bytes, *, last: bool = False) -> None:
        """Mix and append what both sides said in the same stretch of time."""
        pieces = zip(self._sides, (caller, agent), strict=True)
        count = min([side.push(pcm, last=last) for side, pcm in pieces])
        if count == 0:
            return
        one, other = (side.pull(count).astype(np.int32) for side in self._sides)
        mixed = np.clip(one + other, -32_768, 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(mixed.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, self._samples
        self._samples += count
        self._file.mux(self._stream.encode(frame))

    def close(self) -> int:
        """Finish the file; returns its length in milliseconds."""
        try:
            self._file.mux(self._stream.encode(None))
        finally:
            self._file.close()
        return self._samples * 1000 // RATE
