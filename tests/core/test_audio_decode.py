"""Decoding: every accepted container, whatever the Content-Type says, and clear refusals for everything else."""

import asyncio
import io
import math
import struct
import threading

import av
import numpy as np
import pytest

from speko_core.audio import DecodedAudio, decode, decode_audio, wav_bytes
from speko_core.errors import InvalidInput

RATE = 48_000
SECONDS = 0.5


def _tone(rate: int = RATE, seconds: float = SECONDS) -> bytes:
    samples = np.sin(np.arange(int(rate * seconds)) * 2 * math.pi * 440 / rate) * 12_000
    return samples.astype("<i2").tobytes()


def _encoded(container: str, codec: str, rate: int = RATE) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        samples = np.frombuffer(_tone(rate), dtype="<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return target.getvalue()


def _loudest_hz(audio: DecodedAudio) -> float:
    spectrum = np.abs(np.fft.rfft(np.frombuffer(audio.pcm16, dtype="<i2").astype(float)))
    return float(np.argmax(spectrum)) / audio.duration_s


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("mp3", "mp3"),
        ("ogg", "libopus"),
        ("webm", "libopus"),
        ("flac", "flac"),
        ("wav", "pcm_s16le"),
        ("wav", "pcm_f32le"),
    ],
)
@pytest.mark.parametrize("content_type", ["application/octet-stream", "audio/mpeg", ""])
def test_every_container_is_recognized_by_its_bytes(container: str, codec: str, content_type: str) -> None:
    """ONE-1: a wrong Content-Type does not matter."""
    audio = decode(_encoded(container, codec), content_type)

    assert audio.duration_s == pytest.approx(SECONDS, abs=0.06)
    assert _loudest_hz(audio) == pytest.approx(440, abs=5)


def test_telephone_codecs_in_wav_keep_their_rate() -> None:
    """ONE-1: an 8 kHz mu-law file stays 8 kHz."""
    audio = decode(_encoded("wav", "pcm_mulaw", 8_000), "audio/wav")

    assert audio.sample_rate == 8_000
    assert _loudest_hz(audio) == pytest.approx(440, abs=5)


def test_raw_pcm_is_taken_as_the_type_says() -> None:
    """ONE-1: `audio/pcm;rate=` is samples without a header."""
    assert decode(_tone(16_000), "audio/pcm; rate=16000") == DecodedAudio(_tone(16_000), 16_000)


def test_stereo_pcm_becomes_mono() -> None:
    """ONE-1: channels are averaged."""
    body = struct.pack("<6h", 100, 300, -200, -400, 0, 10)

    assert decode(body, "audio/pcm;rate=8000;channels=2").pcm16 == struct.pack("<3h", 200, -300, 5)


def test_a_wav_file_sent_as_pcm_is_still_a_wav_file() -> None:
    """ONE-1: its header would be a click."""
    assert decode(wav_bytes(_tone(16_000), 16_000), "audio/pcm;rate=8000") == DecodedAudio(_tone(16_000), 16_000)


def test_a_truncated_file_gives_what_is_there() -> None:
    """ONE-1: an upload cut short by the network is not lost."""
    whole = _encoded("mp3", "mp3")

    audio = decode(whole[: len(whole) * 2 // 3], "audio/mpeg")

    assert 0.2 < audio.duration_s < SECONDS


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "audio/wav"),
        (b"{}", "application/json"),
        (b"\0" * 4_000, "audio/wav"),
        (b"#EXTM3U\nfile:///etc/hostname\n", "audio/mpeg"),
        (b"OggS" + b"\1" * 200, "audio/ogg"),
        (b"ID3" + b"\0" * 200, "audio/mpeg"),
        (b"fLaC" + b"\0" * 40, "audio/flac"),
        (b"\x1a\x45\xdf\xa3" + b"\0" * 100, "audio/webm"),
        (b"RIFF\0\0\0\0WAVE", "audio/wav"),
        (wav_bytes(b"", 16_000), "audio/wav"),
        (b"\0", "audio/pcm;rate=16000"),
        (b"\0\0", "audio/pcm"),
        (b"\0\0", "audio/pcm;rate=fast"),
        (b"\0\0", "audio/pcm;rate=9999999"),
        (b"\0\0", "audio/pcm;rate=16000;channels=0"),
    ],
)
async def test_what_is_not_audio_is_refused_with_the_next_step(body: bytes, content_type: str) -> None:
    """ONE-1: 400 INVALID_AUDIO for an empty or undecodable body."""
    with pytest.raises(InvalidInput) as refusal:
        await decode_audio(body, content_type)

    assert refusal.value.code == "INVALID_AUDIO"
    assert refusal.value.hint


@pytest.mark.parametrize("body", [_encoded("flac", "flac"), _tone()])
def test_audio_over_the_limit_is_refused(body: bytes) -> None:
    """ONE-1: a small file may hold hours; the limit counts what comes out."""
    with pytest.raises(InvalidInput, match="longer than"):
        decode(body, f"audio/pcm;rate={RATE}", max_seconds=0.2)


def test_a_stopped_decode_ends_early() -> None:
    """ONE-7: nobody waits for the rest once the caller is gone."""
    stop = threading.Event()
    stop.set()

    with pytest.raises(InvalidInput, match="stopped"):
        decode(_encoded("ogg", "libopus"), "audio/ogg", stop=stop)


async def test_decoding_leaves_the_event_loop_free() -> None:
    """ONE-1: other callers are served while a long file is decoded."""
    body = _encoded("flac", "flac")
    task = asyncio.create_task(decode_audio(body, "audio/flac"))
    await asyncio.sleep(0)

    assert not task.done()
    assert (await task).duration_s == pytest.approx(SECONDS, abs=0.05)
