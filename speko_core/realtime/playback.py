"""What of an answer a caller has heard by now: audio comes faster than it is played. Pure."""

_BYTES_PER_SAMPLE = 2


class Playback:
    """Counts the audio of one answer at a time; moments are seconds of any clock that does not go back."""

    def __init__(self, rate: int) -> None:
        self._bytes_per_s = rate * _BYTES_PER_SAMPLE
        self._until = 0.0
        self._sent_s = 0.0

    def add(self, pcm: bytes, now: float) -> None:
        """Audio was sent."""
        seconds = len(pcm) / self._bytes_per_s
        self._until = max(self._until, now) + seconds
        self._sent_s += seconds

    def remaining_s(self, now: float) -> float:
        """How long what was sent still plays."""
        return max(0.0, self._until - now)

    def heard_ms(self, now: float) -> int:
        """How much of the answer was played."""
        return int(max(0.0, self._sent_s - self.remaining_s(now)) * 1000)

    def begin(self) -> None:
        """The next answer begins when this one has been played."""
        self._sent_s = 0.0

    def stop(self, now: float) -> None:
        """Nothing more is played."""
        self._until, self._sent_s = now, 0.0
