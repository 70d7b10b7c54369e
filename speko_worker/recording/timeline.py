"""Both sides of a call on one clock, before they are mixed (SES-4)."""

import time
from collections.abc import Callable

# A stalled network may deliver this much later what was spoken; what was longer on its way is placed as if it had not.
LATE_S = 2.0
# The caller's stream may lag this far behind the clock: that is jitter. Further, and for a while, is a gap.
TOLERANCE_S = 0.03
GAP_CERTAIN_S = 0.3
# What is younger than this may still be moved.
HOLD_S = LATE_S + GAP_CERTAIN_S + 0.2
# Past this much that nobody takes, nothing more is kept: the disk hangs, or the recording is over.
MOST_S = 60.0


class Track:
    """One side: 16-bit mono samples from `base`, a position in samples since the beginning of the call."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.base = 0
        self._pcm = bytearray()

    @property
    def end(self) -> int:
        """The position after the last sample placed."""
        return self.base + len(self._pcm) // 2

    def append(self, pcm: bytes) -> None:
        """Go on where the last samples ended."""
        self._pcm += pcm[: len(pcm) // 2 * 2]

    def silence_at(self, position: int, samples: int) -> None:
        """Move everything from `position` on later."""
        at = max(0, position - self.base) * 2
        self._pcm[at:at] = bytes(samples * 2)

    def cut(self, position: int) -> None:
        """Forget what lies at or after `position`."""
        del self._pcm[max(0, position - self.base) * 2 :]

    def take(self, until: int) -> bytes:
        """Hand out everything before `until`, silence where there is nothing."""
        size = max(0, until - self.base) * 2
        taken = bytes(self._pcm[:size]).ljust(size, b"\0")
        del self._pcm[:size]
        self.base += size // 2
        return taken


class Timeline:
    """Where each side's audio lies. The caller's is placed by its arrival, the agent's as it is played."""

    def __init__(self, caller_rate: int, agent_rate: int, now: Callable[[], float] = time.monotonic) -> None:
        self._caller, self._agent = Track(caller_rate), Track(agent_rate)
        self._now = now
        self._began = now()
        # The caller's lag since it is too large: from which position, since when, and the least of it; in samples.
        self._late: tuple[int, int, int] | None = None

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._now() - self._began

    @property
    def _is_full(self) -> bool:
        return self.seconds - self._caller.base / self._caller.rate > MOST_S

    def caller(self, pcm: bytes) -> None:
        """The caller's audio just arrived: it was spoken until now, or a little earlier."""
        if self._is_full:
            return
        track, samples = self._caller, len(pcm) // 2
        present = self._present(track)
        lag = present - (track.end + samples)
        if lag > LATE_S * track.rate:
            surplus = lag - int(LATE_S * track.rate)
            track.silence_at(track.end, surplus)
            lag -= surplus
        if lag < -TOLERANCE_S * track.rate:
            pcm = pcm[min(samples, -lag) * 2 :]  # a clock that runs fast: nothing is spoken after it arrived
        elif lag > TOLERANCE_S * track.rate:
            self._is_late(track, present, lag)
        else:
            self._late = None
        track.append(pcm)

    def agent(self, pcm: bytes) -> None:
        """The next of the agent's audio is being played: now, or when what was placed before has been played."""
        if self._is_full:
            return
        track = self._agent
        track.silence_at(track.end, max(0, self._present(track) - track.end))
        track.append(pcm)

    def cut(self) -> None:
        """The agent was interrupted: what has not been played is never heard."""
        self._agent.cut(self._present(self._agent))

    def take(self, *, whole: bool = False) -> tuple[bytes, bytes]:
        """Caller's and agent's audio, equally long, of the time that is settled; with `whole` all there is."""
        until = self.seconds - (0 if whole else HOLD_S)
        return self._caller.take(int(until * self._caller.rate)), self._agent.take(int(until * self._agent.rate))

    def _present(self, track: Track) -> int:
        return int(self.seconds * track.rate)

    def _is_late(self, track: Track, present: int, lag: int) -> None:
        """A stalled network catches up, and then nothing was missing; a gap in the stream stays and becomes silence."""
        start, since, least = self._late or (track.end, present, lag)
        least = min(least, lag)
        self._late = (start, since, least)
        if present - since >= GAP_CERTAIN_S * track.rate:
            track.silence_at(start, least)
            self._late = None
