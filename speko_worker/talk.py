"""A caller without a browser: plays a WAV to an agent over the embedded transport and keeps what comes back.

Imports neither livekit nor the rest of the worker, so that a small installation can use it.
"""

import asyncio
import io
import json
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import soxr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from speko_core.types import JsonObject, JsonValue

SUBPROTOCOL = Subprotocol("speko.media.v1")
FRAME_S = 0.02
CONNECT_TIMEOUT_S = 10.0
# A server that goes on talking after our `end` is left there; the last words may still be transcribed meanwhile.
GOODBYE_S = 4.0
CLOSE_TIMEOUT_S = 1.0
# The agent may open the conversation: speaking over its greeting would interrupt it.
GREETING_WAIT_S = 0.6
# One that says so is waited for, on however slow a machine.
LATE_GREETING_S = 20.0
# Listening, answered and no audio for this long: the agent is done.
QUIET_S = 0.8
# Nothing at all happened for this long after the caller's last word: there will be no answer.
NO_ANSWER_S = 15.0

EventSink = Callable[[JsonObject], None]

CLOSE_REASONS = {
    4401: "The transport token was refused or has expired.",
    4404: "There is no such session.",
    4408: "The session's time is over.",
    4409: "The transport token was already used.",
    1001: "The server is shutting down.",
    1011: "No voice worker is available, or it was lost.",
}


class TalkError(Exception):
    """The conversation could not take place; the text is a sentence for the user."""


@dataclass(frozen=True)
class TalkOptions:
    """How patient the caller is, in seconds. `timeout_s` bounds the whole conversation."""

    timeout_s: float = 90.0
    greeting_wait_s: float = GREETING_WAIT_S
    quiet_s: float = QUIET_S
    no_answer_s: float = NO_ANSWER_S
    goodbye_s: float = GOODBYE_S
    typed: str | None = None


@dataclass(frozen=True)
class TalkResult:
    """What the caller heard and what was said.

    `turns` are the protocol's turn frames in order. `end_reason` is the server's, `error` when the connection was lost,
    None when our own deadline came first.
    """

    reply_pcm: bytes
    sample_rate: int
    turns: list[JsonObject]
    session_id: str
    end_reason: str | None
    first_audio_ms: float | None
    timed_out: bool

    @property
    def latency(self) -> JsonObject | None:
        """The latency of the last answered turn."""
        answers = [turn for turn in self.turns if turn.get("source") == "agent"]
        found = answers[-1].get("latency") if answers else None
        return found if isinstance(found, dict) else None

    def reply_wav(self) -> bytes:
        """The agent's audio as a WAV file."""
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.sample_rate)
            file.writeframes(self.reply_pcm)
        return out.getvalue()


@dataclass
class _Heard:
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
        value = (self.ready or {}).get(name)
        return value if isinstance(value, int) else 16_000

    def take_audio(self, pcm: bytes) -> None:
        self.audio += pcm
        if self.agent != "speaking" and (self.ready or {}).get("background"):
            return  # the place the agent sits in, or a tool at work: nobody speaks
        self.last_activity = time.monotonic()
        if self.caller_done_at and self.first_audio_at is None:
            self.first_audio_at = self.last_activity

    def take(self, frame: JsonObject) -> None:
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


async def talk(
    transport_url: str,
    token: str,
    wav_in: bytes | None,
    *,
    on_event: EventSink = lambda _event: None,
    options: TalkOptions | None = None,
) -> TalkResult:
    """Hold one conversation: greet, speak, listen until the agent has answered, hang up. Never hangs.

    Every frame from the server is handed to `on_event` as it arrives.

    Raises:
        TalkError: no connection, a refused token, a session that ended before it began, an unreadable WAV.
    """
    chosen = options or TalkOptions()
    samples = _read_wav(wav_in) if wav_in else None
    heard = _Heard()
    socket = await _open(transport_url, token)
    reader = asyncio.create_task(_read(socket, heard, on_event), name="talk.read")
    timed_out = False
    try:
        async with asyncio.timeout(chosen.timeout_s):
            await _converse(socket, heard, samples, chosen)
    except TimeoutError:
        timed_out = True
    except ConnectionClosed:
        pass
    finally:
        await _hang_up(socket, reader, chosen.goodbye_s)
    if heard.ready is None:
        raise TalkError(CLOSE_REASONS.get(socket.close_code or 0, "The session ended before it began."))
    if heard.end_reason is None and not timed_out:
        # The server says why it ends; a connection that closes without a word was lost.
        heard.end_reason = "error"
    return _result(heard, timed_out)


async def _open(url: str, token: str) -> ClientConnection:
    try:
        return await connect(
            url,
            subprotocols=[SUBPROTOCOL, Subprotocol(token)],
            open_timeout=CONNECT_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            proxy=None,
        )
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise TalkError(f"No connection to the session's media address ({type(error).__name__}).") from error


async def _read(socket: ClientConnection, heard: _Heard, on_event: EventSink) -> None:
    try:
        async for message in socket:
            if isinstance(message, bytes):
                heard.take_audio(message)
                continue
            frame: JsonValue = json.loads(message)
            if isinstance(frame, dict):
                heard.take(frame)
                on_event(frame)
    except ConnectionClosed:
        return
    finally:
        heard.closed.set()
        heard.is_ready.set()


async def _converse(socket: ClientConnection, heard: _Heard, samples: "_Samples | None", options: TalkOptions) -> None:
    await heard.is_ready.wait()
    microphone = _Microphone(socket, heard.rate("inputSampleRate"))
    await microphone.silence_while(lambda: not _greeting_over(heard, microphone.elapsed_s, options), heard)
    if samples:
        await microphone.play(samples.at(microphone.rate), heard)
    if options.typed:
        await socket.send(json.dumps({"type": "user_message", "text": options.typed}))
    heard.caller_done_at = heard.last_activity = time.monotonic()
    expects_answer = bool(samples or options.typed)
    await microphone.silence_while(lambda: not _is_over(heard, options, expects_answer=expects_answer), heard)


def _greeting_over(heard: _Heard, elapsed_s: float, options: TalkOptions) -> bool:
    greets = (heard.ready or {}).get("greets") is True and not heard.has_spoken
    if elapsed_s < (LATE_GREETING_S if greets else options.greeting_wait_s):
        return False
    return heard.agent == "listening" and time.monotonic() - heard.last_activity > min(QUIET_S, options.quiet_s) / 2


def _is_over(heard: _Heard, options: TalkOptions, *, expects_answer: bool) -> bool:
    quiet = time.monotonic() - heard.last_activity
    if heard.agent != "listening":
        return False
    if not expects_answer:
        return quiet > options.quiet_s
    answered_since = heard.is_answered() and heard.first_audio_at is not None
    return quiet > (options.quiet_s if answered_since else options.no_answer_s)


async def _hang_up(socket: ClientConnection, reader: asyncio.Task[None], patience_s: float) -> None:
    try:
        async with asyncio.timeout(patience_s):
            await socket.send(json.dumps({"type": "end"}))
            # The server answers with the last turns and its own end, then closes.
            await reader
    except (TimeoutError, ConnectionClosed):
        pass
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        await socket.close()


def _result(heard: _Heard, timed_out: bool) -> TalkResult:
    first_ms = None
    if heard.first_audio_at and heard.caller_done_at:
        first_ms = (heard.first_audio_at - heard.caller_done_at) * 1000
    return TalkResult(
        reply_pcm=bytes(heard.audio),
        sample_rate=heard.rate("outputSampleRate"),
        turns=heard.turns,
        session_id=str((heard.ready or {}).get("sessionId", "")),
        end_reason=heard.end_reason,
        first_audio_ms=first_ms,
        timed_out=timed_out,
    )


class _Microphone:
    """Sends 20 ms frames in real time."""

    def __init__(self, socket: ClientConnection, rate: int) -> None:
        self._socket = socket
        self.rate = rate
        self._frame_bytes = round(rate * FRAME_S) * 2
        self._began = time.monotonic()
        self._sent = 0

    @property
    def elapsed_s(self) -> float:
        return self._sent * FRAME_S

    async def play(self, pcm: bytes, heard: _Heard) -> None:
        for at in range(0, len(pcm), self._frame_bytes):
            if heard.closed.is_set():
                return
            await self._send(pcm[at : at + self._frame_bytes].ljust(self._frame_bytes, b"\0"))

    async def silence_while(self, goes_on: Callable[[], bool], heard: _Heard) -> None:
        quiet = bytes(self._frame_bytes)
        while goes_on() and not heard.closed.is_set():
            await self._send(quiet)

    async def _send(self, pcm: bytes) -> None:
        await self._socket.send(pcm)
        self._sent += 1
        await asyncio.sleep(max(0.0, self._began + self._sent * FRAME_S - time.monotonic()))


@dataclass(frozen=True)
class _Samples:
    """Mono samples of the caller's recording."""

    data: np.ndarray[tuple[int], np.dtype[np.float32]]
    rate: int

    def at(self, rate: int) -> bytes:
        """16-bit PCM at another rate."""
        converted = self.data if rate == self.rate else soxr.resample(self.data, self.rate, rate)
        return bytes((np.clip(converted, -1.0, 1.0) * 32767).astype("<i2").tobytes())


def _read_wav(data: bytes) -> _Samples:
    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise TalkError("The input is not a PCM WAV file.") from error
    if width != 2:
        raise TalkError("The input WAV must have 16-bit samples.")
    samples = np.frombuffer(raw, dtype="<i2").astype(np.float32) / 32768.0
    return _Samples(samples.reshape(-1, channels).mean(axis=1, dtype=np.float32), rate)
