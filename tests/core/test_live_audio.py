"""The tape that a failing recognizer leaves to the next one, and the utterances on it (ONE-8)."""

import asyncio

import numpy as np
import pytest

from speko_core.audio.utterances import RATE, Utterances
from speko_core.oneshot.tape import BYTES_PER_S, Tape

PIECE = BYTES_PER_S // 10


def piece(number: int) -> bytes:
    """A tenth of a second that can be told from others."""
    return bytes([number]) * PIECE


async def read(tape: Tape, count: int) -> list[int]:
    """The numbers of the first `count` pieces that a new reader gets."""
    found: list[int] = []
    async for data in tape.play():
        found.append(data[0])
        if len(found) == count:
            break
    return found


async def test_the_next_reader_hears_it_from_the_start() -> None:
    """ONE-8: until the first words are shown; from then on nothing is kept."""
    tape = Tape(kept_s=1.0)
    for number in range(4):
        await tape.put(piece(number))

    assert await read(tape, 3) == [0, 1, 2]
    assert await read(tape, 2) == [0, 1]
    tape.forget()
    assert await read(tape, 2) == [2, 3]


async def test_the_oldest_goes_first_and_nothing_unread_ever() -> None:
    """ONE-8: bounded memory, without a hole in what somebody still has to hear."""
    tape = Tape(kept_s=0.5)
    for number in range(5):
        await tape.put(piece(number))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(tape.put(piece(5)), 0.05)

    assert await read(tape, 2) == [0, 1]
    await tape.put(piece(5))
    assert await read(tape, 5) == [1, 2, 3, 4, 5]


async def test_a_reader_waits_for_what_comes_until_the_end() -> None:
    """ONE-8"""
    tape = Tape()
    reading = asyncio.create_task(read(tape, 10))
    await tape.put(piece(7))
    await asyncio.sleep(0)
    assert not reading.done()
    tape.end()

    assert await asyncio.wait_for(reading, 5) == [7]


def sound(seconds: float, loudness: float, seed: int = 1) -> bytes:
    """Noise of this loudness."""
    samples = np.random.default_rng(seed).normal(0, loudness, int(seconds * RATE))
    return samples.clip(-32_000, 32_000).astype("<i2").tobytes()


def test_an_utterance_ends_with_a_pause() -> None:
    """ONE-8: within a second of it, and once."""
    found = Utterances()
    assert not found.heard(sound(1.0, 30) + sound(1.5, 4_000) + sound(0.5, 30))
    assert found.heard(sound(0.5, 30))
    assert not found.heard(sound(3.0, 30))
    assert found.spoke


def test_noise_and_clicks_are_nobody() -> None:
    """ONE-8: a loud line is not a voice, and neither is a knock."""
    found = Utterances()
    quiet = sound(2.0, 200) + sound(0.05, 8_000) + sound(2.0, 200) + bytes(RATE)
    assert not found.heard(quiet)
    assert not found.spoke


def test_somebody_who_never_pauses_is_interrupted() -> None:
    """ONE-8: after half a minute, however the pieces are cut."""
    found = Utterances()
    speech = b"".join(sound(0.3, 5_000, seed) + sound(0.1, 40, seed) for seed in range(90))
    ends = [found.heard(speech[at : at + 1_111]) for at in range(0, len(speech), 1_111)]

    assert sum(ends) == 1
