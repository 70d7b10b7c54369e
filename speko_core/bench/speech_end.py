"""Where speech ends in a recording: given by the manifest, else found from loudness. Everything after it is cut.

So the instant at which a recognizer has heard the last sample is the end of speech, and latency counts from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from speko_core.late import LateModule

if TYPE_CHECKING:
    import numpy as np
else:
    np = LateModule("numpy")

FRAME_S: Final = 0.02
# Speech fades: consonants after the last loud frame belong to it.
TAIL_S: Final = 0.1
# A frame this far below the loudest is not speech.
_BELOW_PEAK: Final = 0.03
_SILENT: Final = 8.0


def until_speech_ends(pcm: bytes, sample_rate: int, speech_end_s: float | None = None) -> bytes:
    """The samples up to the end of speech and a short tail; empty when nothing is loud enough to be speech."""
    end_s = found_end_s(pcm, sample_rate) if speech_end_s is None else speech_end_s
    return b"" if end_s is None else pcm[: 2 * round((end_s + TAIL_S) * sample_rate)]


def found_end_s(pcm: bytes, sample_rate: int) -> float | None:
    """The end of the last frame that is loud compared to the loudest; None when all are silent."""
    size = int(FRAME_S * sample_rate)
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    loudness = np.sqrt((frames**2).mean(axis=1))
    if not len(loudness) or loudness.max() < _SILENT:
        return None
    last = int(np.flatnonzero(loudness >= _BELOW_PEAK * loudness.max())[-1])
    return (last + 1) * FRAME_S
