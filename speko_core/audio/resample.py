"""Sample-rate conversion of 16-bit mono PCM with libsoxr (HQ), whole or as a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from speko_core.late import LateModule

if TYPE_CHECKING:
    import numpy as np
    import soxr
    from numpy.typing import NDArray
else:
    # Loaded with the first audio: most processes that import this never see any.
    np, soxr = LateModule("numpy"), LateModule("soxr")


def resample(pcm16: bytes, from_rate: int, to_rate: int) -> bytes:
    """Convert 16-bit little-endian mono samples from one rate to another, in Hz."""
    if from_rate == to_rate or not pcm16:
        return pcm16
    samples: NDArray[np.int16] = np.frombuffer(pcm16, dtype="<i2")
    converted: NDArray[np.int16] = soxr.resample(samples, from_rate, to_rate)
    return converted.astype("<i2", copy=False).tobytes()


class StreamResampler:
    """Converts a stream chunk by chunk; chunks may split a sample in two. One instance is one continuous stream."""

    def __init__(self, from_rate: int, to_rate: int) -> None:
        self._same = from_rate == to_rate
        self._stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="int16")
        self._half = b""

    def feed(self, chunk: bytes) -> bytes:
        """Converted samples so far available; may be empty while the filter fills."""
        data = self._half + chunk
        whole = len(data) & ~1
        self._half = data[whole:]
        return self._convert(data[:whole], last=False)

    def flush(self) -> bytes:
        """The tail of the stream. The instance cannot be fed afterwards."""
        return self._convert(b"", last=True)

    def _convert(self, data: bytes, *, last: bool) -> bytes:
        if self._same or (not data and not last):
            return data
        samples: NDArray[np.int16] = np.frombuffer(data, dtype="<i2")
        converted: NDArray[np.int16] = self._stream.resample_chunk(samples, last=last)
        return converted.astype("<i2", copy=False).tobytes()
