"""What a paced output keeps account of: replies, the stretches they are played in, and where they go."""

from dataclasses import dataclass, field
from typing import Protocol


class AudioSender(Protocol):
    """Where paced audio goes. Neither method blocks."""

    def send_audio(self, pcm: bytes) -> None:
        """Send one frame."""
        ...

    def clear_audio(self) -> None:
        """Tell the caller to drop what it has not played."""
        ...


@dataclass
class Segment:
    """One reply: captured, then flushed (complete), played to the end or cut."""

    audio: bytearray = field(default_factory=bytearray)
    complete: bool = False
    announced: bool = False
    sent_s: float = 0.0


@dataclass
class Run:
    """A stretch played without a break, placed on both clocks. `offset_s` is where it begins in its segment."""

    began: float
    began_wall: float
    offset_s: float
    sent_s: float = 0.0

    @property
    def ends(self) -> float:
        """When what was sent has been played."""
        return self.began + self.sent_s

    def played_s(self, now: float) -> float:
        """Seconds of it that were heard."""
        return max(0.0, min(self.sent_s, now - self.began))
