"""The command-line caller never hangs and says what went wrong."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from speko_core.types import JsonObject
from speko_worker.talk import TalkError, TalkOptions, talk
from tests.worker.speech import to_wav

READY = {"type": "ready", "sessionId": "s1", "inputSampleRate": 16_000, "outputSampleRate": 24_000}
QUICK = TalkOptions(timeout_s=4, greeting_wait_s=0.05, quiet_s=0.2, no_answer_s=0.5)
Behaviour = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def server(behave: Behaviour) -> AsyncIterator[str]:
    async with serve(behave, "127.0.0.1", 0, subprotocols=[Subprotocol("speko.media.v1")]) as running:
        yield f"ws://127.0.0.1:{next(iter(running.sockets)).getsockname()[1]}/"


async def _until_end(socket: ServerConnection, heard: list[bytes] | None = None) -> None:
    async for message in socket:
        if isinstance(message, bytes):
            if heard is not None:
                heard.append(message)
        elif json.loads(message)["type"] == "end":
            return


async def test_the_recording_is_sent_at_the_servers_rate_and_the_reply_is_kept() -> None:
    """SES-8: 8 kHz in, 16 kHz on the wire, the agent's samples out."""
    heard: list[bytes] = []
    events: list[JsonObject] = []

    async def _behave(socket: ServerConnection) -> None:
        await socket.send(json.dumps(READY))
        listening = asyncio.create_task(_until_end(socket, heard))
        await asyncio.sleep(0.6)
        for frame in (
            {"type": "turn", "index": 0, "source": "user", "text": "hi"},
            {"type": "state", "agent": "speaking"},
        ):
            await socket.send(json.dumps(frame))
        await socket.send(b"\5\0" * 4800)
        await socket.send(json.dumps({"type": "turn", "index": 1, "source": "agent", "latency": {"totalMs": 7}}))
        await socket.send(json.dumps({"type": "state", "agent": "listening"}))
        await listening
        await socket.send(json.dumps({"type": "end", "reason": "user"}))

    wav = to_wav(b"\x40\x1f" * 2400, 8000)
    async with server(_behave) as url:
        result = await talk(url, "token", wav, on_event=events.append, options=QUICK)
    assert result.reply_pcm == b"\5\0" * 4800
    assert (result.sample_rate, result.session_id, result.end_reason) == (24_000, "s1", "user")
    assert result.latency == {"totalMs": 7}
    assert not result.timed_out
    assert [event["type"] for event in events] == ["ready", "turn", "state", "turn", "state", "end"]
    samples = np.frombuffer(b"".join(heard), dtype="<i2")
    assert np.count_nonzero(samples > 7000) == pytest.approx(4800, rel=0.1)
    assert result.reply_wav()[:4] == b"RIFF"


async def test_a_server_that_never_answers_does_not_hold_the_caller() -> None:
    """SES-8: the caller gives up after its own patience, without a timeout of the whole."""

    async def _behave(socket: ServerConnection) -> None:
        await socket.send(json.dumps(READY))
        await _until_end(socket)
        await socket.send(json.dumps({"type": "end", "reason": "user"}))

    async with server(_behave) as url:
        result = await talk(url, "t", to_wav(bytes(320), 16_000), options=QUICK)
    assert (result.turns, result.timed_out, result.end_reason) == ([], False, "user")


async def test_an_agent_that_never_stops_is_cut_by_the_deadline() -> None:
    """SES-8: the overall deadline holds, and what was heard is kept."""

    async def _behave(socket: ServerConnection) -> None:
        await socket.send(json.dumps(READY))
        await socket.send(json.dumps({"type": "state", "agent": "speaking"}))
        with contextlib.suppress(Exception):
            while True:
                await socket.send(bytes(960))
                await asyncio.sleep(0.02)

    async with server(_behave) as url, asyncio.timeout(10):
        result = await talk(url, "t", None, options=TalkOptions(timeout_s=0.5, goodbye_s=0.2))
    assert result.timed_out
    assert result.reply_pcm


async def test_a_refused_token_is_a_sentence() -> None:
    """SES-8: the close code is explained."""

    async def _behave(socket: ServerConnection) -> None:
        await socket.close(4409)

    async with server(_behave) as url:
        with pytest.raises(TalkError, match="already used"):
            await talk(url, "t", None, options=QUICK)


async def test_a_conversation_that_breaks_off_is_not_reported_as_ended_in_order() -> None:
    """SES-8: a lost worker shows in the result, with what was heard before."""

    async def _behave(socket: ServerConnection) -> None:
        await socket.send(json.dumps(READY))
        await socket.send(bytes(960))
        await asyncio.sleep(0.1)
        await socket.close(1011)

    async with server(_behave) as url:
        result = await talk(url, "t", to_wav(bytes(64_000), 16_000), options=QUICK)
    assert (result.end_reason, result.timed_out) == ("error", False)
    assert len(result.reply_pcm) == 960


async def test_no_server_and_no_wav_are_sentences(unused_tcp_port: int) -> None:
    """SES-8: neither is a traceback."""
    with pytest.raises(TalkError, match="No connection"):
        await talk(f"ws://127.0.0.1:{unused_tcp_port}/", "t", None, options=QUICK)
    with pytest.raises(TalkError, match="not a PCM WAV"):
        await talk("ws://unused.invalid/", "t", b"hello", options=QUICK)


def test_the_caller_needs_no_voice_stack() -> None:
    """OPS-6: `speko talk` works in an installation without the worker's dependencies."""
    probe = "import sys, speko_worker.talk; sys.exit(any(m.split('.')[0] == 'livekit' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
