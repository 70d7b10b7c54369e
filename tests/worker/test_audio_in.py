"""What the session hears of a stream that stalls, and of one that sends nothing in silence."""

import asyncio
import time

import numpy as np
import pytest

from speko_worker.media.audio_in import GAP_S, VOICED_GAP_S, QueuedAudioInput

RATE = 16_000
FRAME = RATE // 50
LOUD = (9_000 * np.sin(np.arange(FRAME) / 4)).astype("<i2").tobytes()
QUIET = bytes(FRAME * 2)


def filled(*pieces: bytes) -> QueuedAudioInput:
    source = QueuedAudioInput(RATE)
    source.push(b"".join(pieces))
    return source


async def after(source: QueuedAudioInput, frames: int) -> tuple[bytes, float]:
    """What is heard after so many frames, and how long that took."""
    for _ in range(frames):
        await anext(source)
    began = asyncio.get_running_loop().time()
    return bytes((await anext(source)).data), asyncio.get_running_loop().time() - began


@pytest.mark.virtual_time
async def test_a_line_that_falls_silent_is_heard_as_silence_soon() -> None:
    """SES-3: without samples nobody would notice that the caller has stopped speaking."""
    heard, took_s = await after(filled(LOUD * 3, QUIET * 10), 13)
    assert heard == bytes(int(RATE * GAP_S) * 2)
    assert took_s == pytest.approx(GAP_S, abs=0.1)


@pytest.mark.virtual_time
async def test_a_line_that_stalls_in_the_middle_of_a_word_is_waited_for() -> None:
    """SES-9: silence that nobody spoke must not end the caller's turn; what comes late goes on where it stopped."""
    source = filled(LOUD * 5)
    asyncio.get_running_loop().call_later(VOICED_GAP_S - 0.5, source.push, LOUD * 2)
    heard, _ = await after(source, 5)
    assert heard == LOUD
    heard, took_s = await after(source, 1)
    assert not heard.strip(b"\0")
    assert took_s == pytest.approx(VOICED_GAP_S, abs=0.1)


async def test_a_starved_worker_looks_at_its_sockets_before_it_hears_silence() -> None:
    """SES-9: the timer and the audio come due in the same moment; the audio counts."""
    source = filled(QUIET * 10)
    loop = asyncio.get_running_loop()
    hearing = asyncio.create_task(after(source, 10))
    await asyncio.sleep(0)

    def _starve() -> None:
        time.sleep(GAP_S + 0.1)
        # As a socket's data on its way through the loop: a few turns later.
        loop.call_soon(lambda: loop.call_soon(lambda: loop.call_soon(source.push, LOUD)))

    loop.call_soon(_starve)
    assert (await hearing)[0] == LOUD
