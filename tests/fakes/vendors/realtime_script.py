"""What a fake realtime vendor answers, and when it takes somebody to speak."""

from array import array
from dataclasses import dataclass
from typing import Final

HEARD: Final = "What is the weather in Paris?"
ANSWER: Final = ("Hello", " there,", " friend.")
# 100 ms at 24 kHz.
PIECE: Final = b"\x10\x20" * 2_400
LOUD: Final = b"\x00\x40"
PAUSE_MS: Final = 200
NOISE: Final = 2_000


@dataclass(frozen=True)
class Call:
    """A tool call of an answer."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Answer:
    """One answer: as many pieces of audio as words, then calls."""

    words: tuple[str, ...] = ANSWER
    calls: tuple[Call, ...] = ()
    gap_s: float = 0.0


class Ears:
    """A vendor's voice activity detection, by loudness."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.heard_ms, self.quiet_ms, self.speaks = 0, 0, False

    def hear(self, pcm: bytes) -> str:
        """`started`, `stopped` or nothing."""
        ms = len(pcm) * 500 // self._rate
        self.heard_ms += ms
        if max(map(abs, array("h", pcm)), default=0) > NOISE:
            self.quiet_ms = 0
            if not self.speaks:
                self.speaks = True
                return "started"
            return ""
        self.quiet_ms += ms
        if self.speaks and self.quiet_ms >= PAUSE_MS:
            self.speaks = False
            return "stopped"
        return ""
