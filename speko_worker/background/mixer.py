"""The agent's voice with the sounds of the call beneath it, a piece at a time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from speko_core.sessions.sounds import PlanAudio, PlanSound, PlanToolSound
from speko_worker.background.clips import Samples, clip

_LOUDEST = 32_767.0


class _Loop:
    """A clip that goes round, fading within one piece where it begins or ends to sound."""

    def __init__(self, sound: PlanSound, rate: int) -> None:
        self.sound = sound
        self._samples = clip(sound.clip, rate) * np.float32(sound.volume)
        self._at = 0
        self._level = 0.0

    def next(self, count: int, *, audible: bool) -> Samples | None:
        """The next samples; None while nothing of it is to be heard."""
        level, self._level = self._level, 1.0 if audible else 0.0
        if level == self._level == 0.0:
            return None
        taken = np.take(self._samples, range(self._at, self._at + count), mode="wrap")
        self._at = (self._at + count) % len(self._samples)
        return taken * np.linspace(level, self._level, count, dtype=np.float32)


@dataclass
class _Running:
    """A tool at work; times are those of the clock."""

    sound: PlanToolSound
    since: float
    ended: float | None = None

    def is_over(self, now: float) -> bool:
        """It has ended, and its sound has lasted or never began."""
        heard_from = self.since + self.sound.start_delay_s
        if self.ended is None:
            return False
        return self.ended <= heard_from or now >= heard_from + self.sound.min_duration_s

    def is_audible(self, now: float) -> bool:
        """Its sound has begun, and is not over."""
        return now >= self.since + self.sound.start_delay_s and not self.is_over(now)


class Background:
    """The sounds of one call at one sample rate. The output asks for them as it plays; nothing here waits."""

    def __init__(self, audio: PlanAudio, rate: int, now: Callable[[], float] = time.monotonic) -> None:
        self._audio, self._rate, self._now = audio, rate, now
        self._gain = np.float32(10 ** (audio.gain_db / 20))
        self._ambient = _Loop(audio.ambient, rate) if audio.ambient else None
        self._tool: _Loop | None = None
        self._running: dict[str, _Running] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called when there may be something to hear that was not there before."""

    @property
    def is_on(self) -> bool:
        """True while something other than silence may have to be played without the agent."""
        self._forget()
        return self._ambient is not None or bool(self._running) or self._tool is not None

    def tool_started(self, call_id: str, name: str) -> None:
        """A tool is at work from now on."""
        if sound := self._audio.of_tool(name):
            self._running[call_id] = _Running(sound, self._now())
            self.changed()

    def tool_ended(self, call_id: str) -> None:
        """The tool has answered."""
        if call_id in self._running:
            self._running[call_id].ended = self._now()

    def under(self, pcm: bytes) -> bytes:
        """The agent's audio at its loudness, with what is heard at the same time."""
        beneath = self._beneath(len(pcm) // 2)
        if beneath is None and self._gain == 1.0:
            return pcm
        voice = np.frombuffer(pcm, "<i2").astype(np.float32) * self._gain
        return _pcm(voice if beneath is None else voice + beneath)

    def alone(self, samples: int) -> bytes:
        """What is heard while the agent says nothing."""
        beneath = self._beneath(samples)
        return bytes(samples * 2) if beneath is None else _pcm(beneath)

    def _beneath(self, count: int) -> Samples | None:
        pieces = [self._ambient.next(count, audible=True) if self._ambient else None, self._of_tools(count)]
        found = [piece for piece in pieces if piece is not None]
        return sum(found[1:], found[0]) if found else None

    def _of_tools(self, count: int) -> Samples | None:
        """The sound of the tool that began last; it goes on where the one before it was the same."""
        self._forget()
        audible = [running.sound for running in self._running.values() if running.is_audible(self._now())]
        if audible and (self._tool is None or self._tool.sound != audible[-1]):
            self._tool = _Loop(audible[-1], self._rate)
        if self._tool is None:
            return None
        heard = self._tool.next(count, audible=bool(audible))
        if heard is None:
            self._tool = None
        return heard

    def _forget(self) -> None:
        now = self._now()
        self._running = {key: running for key, running in self._running.items() if not running.is_over(now)}


def _pcm(samples: Samples) -> bytes:
    return bytes(np.clip(samples, -_LOUDEST, _LOUDEST).astype("<i2").tobytes())
