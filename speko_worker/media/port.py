"""The port between a session and the caller's media: audio in, audio out, frames both ways.

The embedded WebSocket (`websocket.py`) is one implementation, a LiveKit room (`speko_worker/rooms/media.py`) the other.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from livekit.agents.voice import io

from speko_core.types import JsonObject
from speko_worker.background.mixer import Background
from speko_worker.frames import ClientEvent


class PlayoutClock(Protocol):
    """What a watchdog may ask of an audio output."""

    @property
    def is_stalled_since(self) -> float | None:
        """Monotonic time since when audio is owed and none is played; None while all is well."""
        ...


class Tape(Protocol):
    """Who hears both sides as they are heard, for the recording. No method blocks."""

    def caller(self, pcm: bytes) -> None:
        """Audio of the caller just arrived, 16-bit mono at the input's rate."""
        ...

    def agent(self, pcm: bytes) -> None:
        """The next audio of the agent is being played, 16-bit mono at the output's rate."""
        ...

    def cut(self) -> None:
        """What was not played yet never will be."""
        ...


class MediaTransport(Protocol):
    """One caller, connected. The owner closes it once."""

    @property
    def audio_input(self) -> io.AudioInput:
        """What the caller says."""
        ...

    @property
    def audio_output(self) -> io.AudioOutput:
        """What the caller hears."""
        ...

    @property
    def playout(self) -> PlayoutClock:
        """How the output is doing."""
        ...

    def record_to(self, tape: Tape) -> None:
        """From now on the tape hears both sides."""
        ...

    def play_under(self, background: Background) -> None:
        """From now on the sounds of the call are heard under and between what the agent says, by the tape too."""
        ...

    def send(self, frame: JsonObject) -> None:
        """Queue a frame for the caller, in order with the audio; dropped once the caller is gone."""
        ...

    def events(self) -> AsyncIterator[ClientEvent]:
        """What the caller does besides speaking; ends with a `Hangup`."""
        ...

    async def close(self, code: int) -> None:
        """Send what is queued within a bound, close the connection, release every task."""
        ...
