"""Finding utterances in live audio by its loudness alone: cheap, for deciding when to ask, not for what was said.

The noise floor is followed, so that a loud line is not taken for speech; a voice is what stands well above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from speko_core.late import LateModule

if TYPE_CHECKING:
    import numpy as np
else:
    # Loaded with the first audio: most processes that import this never see any.
    np = LateModule("numpy")

RATE: Final = 16_000
FRAME_S: Final = 0.02
_FRAME_BYTES: Final = int(RATE * FRAME_S) * 2
# Digital silence has no floor; this is what a quiet room measures.
_QUIETEST: Final = 60.0
_ABOVE_FLOOR: Final = 3.0
# How fast the floor rises, a frame: the gaps between words bring it back, an engine that runs on lifts it in seconds.
_RISE: Final = 1.003
_SPEECH_FRAMES: Final = 5  # 0.1 s: a click is no word
_PAUSE_FRAMES: Final = 40  # 0.8 s
_LONGEST_FRAMES: Final = 1_500  # 30 s


class Utterances:
    """Takes 16-bit mono at 16 kHz and says when somebody has finished an utterance."""

    def __init__(self) -> None:
        self.spoke = False
        self._rest = b""
        self._floor = _QUIETEST * 2
        self._loud = self._quiet = self._length = 0

    @property
    def speaking(self) -> bool:
        """True while an utterance is going on."""
        return self._loud >= _SPEECH_FRAMES

    def heard(self, pcm: bytes) -> bool:
        """Listen on; True when an utterance has ended within `pcm`."""
        data, ended = self._rest + pcm, False
        whole = len(data) - len(data) % _FRAME_BYTES
        self._rest = data[whole:]
        for start in range(0, whole, _FRAME_BYTES):
            ended = self._frame(data[start : start + _FRAME_BYTES]) or ended
        return ended

    def restart(self) -> None:
        """The utterance was ended by somebody else."""
        self._loud = self._quiet = self._length = 0

    def _frame(self, frame: bytes) -> bool:
        samples = np.frombuffer(frame, dtype="<i2").astype(np.float32)
        level = max(float(np.sqrt(np.mean(samples * samples))), _QUIETEST)
        speaks = level > self._floor * _ABOVE_FLOOR
        self._floor = min(level, self._floor * _RISE)
        return self._count(speaks)

    def _count(self, speaks: bool) -> bool:
        if speaks:
            self._loud, self._quiet = self._loud + 1, 0
        else:
            self._quiet += 1
        said = self.speaking
        self.spoke = self.spoke or said
        self._length += said
        ended = said and (self._quiet >= _PAUSE_FRAMES or self._length >= _LONGEST_FRAMES)
        if ended:
            self.restart()
        return ended
