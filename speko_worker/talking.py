"""The halves of a talk: the microphone that plays a recording, what was heard so far, and how patient the caller is."""

import asyncio
import io
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import soxr
from websockets.asyncio.client import ClientConnection

from speko_core.types import JsonObject

FRAME_S = 0.02
# A server that goes on talking after our `end` is left there; the last words may still be transcribed meanwhile.
GOODBYE_S = 4.0
# The agent may open the conversation: speaking over its greeting would interrupt it.
GREETING_WAIT_S = 0.6
# One that says so is waited for, on however slow a machine.
LATE_GREETING_S = 20.0
# Listening, answered and no audio for this long: the agent is done.
QUIET_S = 0.8
# Nothing at all happened for this long after the caller's last word: there will be no answer.
NO_ANSWER_S = 15.0


@dataclass
class Heard:
    """The conversation so far, as the client sees it."""

    ready: JsonObject | None = None
    agent: str = "listening"
    has_spoken: bool = False
    audio: bytearray = field(default_factory=bytearray)
    turns: list[JsonObject] = field(default_factory=list)
    end_reason: str | None = None
    last_activity: float = field(default_factory=time.monotonic)
    caller_done_at: float | None = None
    first_audio_at: float | None = None
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)

    def rate(self, name: str) -> int:
        """A sample rate that the server named."""
        value = (self.ready or {}).get(name)
        return value if isinstance(value, int) else 16_000

    def says(self, name: str) -> bool:
        """Whether the server said so when the session began."""
        return (self.ready or {}).get(name) is True

    def take_audio(self, pcm: bytes) -> None:
        """Audio arrived."""
        self.audio += pcm
        if self.agent != "speaking" and self.says("background"):
            return  # the place the agent sits in, or a tool at work: nobody speaks
        self.last_activity = time.monotonic()
        if self.caller_done_at and self.first_audio_at is None:
            self.first_audio_at = self.last_activity

    def take(self, frame: JsonObject) -> None:
        """A frame arrived."""
        kind = frame.get("type")
        self.last_activity = time.monotonic()
        if kind == "ready":
            self.ready = frame
            self.is_ready.set()
        elif kind == "state":
            self.agent = str(frame.get("agent"))
            self.has_spoken = self.has_spoken or self.agent == "speaking"
        elif kind == "turn":
            self.turns.append(frame)
        elif kind == "end":
            self.end_reason = str(frame.get("reason"))

    def is_answered(self) -> bool:
        """The agent had the last word."""
        return bool(self.turns) and self.turns[-1].get("source") == "agent"


@dataclass(frozen=True)
class TalkOptions:
    """How patient the caller is, in seconds. `timeout_s` bounds the whole conversation."""

    timeout_s: float = 90.0
    greeting_wait_s: float = GREETING_WAIT_S
    quiet_s: float = QUIET_S
    no_answer_s: float = NO_ANSWER_S
    goodbye_s: float = GOODBYE_S
    typed: str | None = None


def greeting_over(heard: Heard, elapsed_s: float, options: TalkOptions) -> bool:
    """The agent has opened the conversation, or leaves that to the caller."""
    greets = heard.says("greets") and not heard.has_spoken
    if elapsed_s < (LATE_GREETING_S if greets else options.greeting_wait_s):
        return False
    return heard.agent == "listening" and time.monotonic() - heard.last_activity > min(QUIET_S, options.quiet_s) / 2


def is_over(heard: Heard, options: TalkOptions, *, expects_answer: bool) -> bool:
    """Nothing more is to be expected."""
    quiet = time.monotonic() - heard.last_activity
    if heard.agent != "listening":
        return False
    if not expects_answer:
        return quiet > options.quiet_s
    answered_since = heard.is_answered() and heard.first_audio_at is not None
    return quiet > (options.quiet_s if answered_since else options.no_answer_s)


class Microphone:
    """Sends 20 ms frames in real time; what a busy machine held up is sent at once."""

    def __init__(self, socket: ClientConnection, rate: int) -> None:
        self._socket = socket
        self.rate = rate
        self._frame_bytes = round(rate * FRAME_S) * 2
        self._began = time.monotonic()
        self._sent = 0

    @property
    def elapsed_s(self) -> float:
        """Seconds of audio sent."""
        return self._sent * FRAME_S

    async def play(self, pcm: bytes, heard: Heard) -> None:
        """Speak, until it is over or nobody hears it."""
        for at in range(0, len(pcm), self._frame_bytes):
            if heard.closed.is_set():
                return
            await self._send(pcm[at : at + self._frame_bytes].ljust(self._frame_bytes, b"\0"))

    async def silence_while(self, goes_on: Callable[[], bool], heard: Heard) -> None:
        """Say nothing."""
        quiet = bytes(self._frame_bytes)
        while goes_on() and not heard.closed.is_set():
            await self._send(quiet)

    async def _send(self, pcm: bytes) -> None:
        await self._socket.send(pcm)
        self._sent += 1
        await asyncio.sleep(max(0.0, self._began + self._sent * FRAME_S - time.monotonic()))


@dataclass(frozen=True)
class Samples:
    """Mono samples of the caller's recording."""

    data: np.ndarray[tuple[int], np.dtype[np.float32]]
    rate: int

    def at(self, rate: int) -> bytes:
        """16-bit PCM at another rate."""
        converted = self.data if rate == self.rate else soxr.resample(self.data, self.rate, rate)
        return bytes((np.clip(converted, -1.0, 1.0) * 32767).astype("<i2").tobytes())


def read_wav(data: bytes) -> Samples:
    """A recording to play.

    Raises:
        ValueError: not 16-bit PCM; the text is a sentence for the user.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError("The input is not a PCM WAV file.") from error
    if width != 2:
        raise ValueError("The input WAV must have 16-bit samples.")
    samples = np.frombuffer(raw, dtype="<i2").astype(np.float32) / 32768.0
    return Samples(samples.reshape(-1, channels).mean(axis=1, dtype=np.float32), rate)


def write_wav(pcm: bytes, rate: int) -> bytes:
    """Mono 16-bit samples as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()
