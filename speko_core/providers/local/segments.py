"""Cut an utterance at its pauses, so that each sentence is recognized alone and one decode stays short."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

SAMPLE_RATE = 16_000
FRAME_BYTES = 960  # 30 ms at 16 kHz, a length the voice detector takes
PAUSE_FRAMES = 17  # half a second
MARGIN_FRAMES = 10
MAX_FRAMES = 500  # 15 s

IsSpeech = Callable[[bytes], bool]


@dataclass(frozen=True)
class Segment:
    """A stretch of audio, in bytes from the start of the utterance."""

    start: int
    end: int


def speech_segments(pcm: bytes, is_speech: IsSpeech) -> list[Segment]:
    """Where somebody speaks, in order, cut at pauses of half a second and at 15 s at the latest."""
    flags = [is_speech(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]
    pieces: list[Segment] = []
    for first, last in _runs(flags):
        first, last = max(0, first - MARGIN_FRAMES), min(len(flags), last + MARGIN_FRAMES)
        for at in range(first, last, MAX_FRAMES):
            pieces.append(Segment(at * FRAME_BYTES, min(at + MAX_FRAMES, last) * FRAME_BYTES))
    return pieces


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Runs of speech frames `[first, last)`; gaps shorter than a pause belong to the run."""
    runs: list[tuple[int, int]] = []
    for index, speaks in enumerate(flags):
        if not speaks:
            continue
        if runs and index - runs[-1][1] < PAUSE_FRAMES:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs
