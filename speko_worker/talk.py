"""A caller without a browser: plays a WAV to an agent over the embedded transport and keeps what comes back.

Imports neither livekit nor what does, so that a small installation can use it.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from speko_core.types import JsonObject, JsonValue
from speko_worker.talking import Heard, Microphone, Samples, TalkOptions, greeting_over, is_over, read_wav, write_wav

__all__ = ["TalkError", "TalkOptions", "TalkResult", "talk"]

SUBPROTOCOL = Subprotocol("speko.media.v1")
CONNECT_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0

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
        return write_wav(self.reply_pcm, self.sample_rate)


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
    samples = _samples(wav_in)
    heard = Heard()
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


def _samples(wav: bytes | None) -> Samples | None:
    try:
        return read_wav(wav) if wav else None
    except ValueError as unreadable:
        raise TalkError(str(unreadable)) from unreadable


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


async def _read(socket: ClientConnection, heard: Heard, on_event: EventSink) -> None:
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


async def _converse(socket: ClientConnection, heard: Heard, samples: Samples | None, options: TalkOptions) -> None:
    await heard.is_ready.wait()
    microphone = Microphone(socket, heard.rate("inputSampleRate"))
    await microphone.silence_while(lambda: not greeting_over(heard, microphone.elapsed_s, options), heard)
    if samples:
        await microphone.play(samples.at(microphone.rate), heard)
    if options.typed:
        await socket.send(json.dumps({"type": "user_message", "text": options.typed}))
    heard.caller_done_at = heard.last_activity = time.monotonic()
    expects_answer = bool(samples or options.typed)
    await microphone.silence_while(lambda: not is_over(heard, options, expects_answer=expects_answer), heard)


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


def _result(heard: Heard, timed_out: bool) -> TalkResult:
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
