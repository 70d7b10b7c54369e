"""WAV headers and sample-rate conversion."""

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speko_core.audio import (
    StreamResampler,
    WavInfo,
    parse_wav_header,
    pcm_rate_from_content_type,
    resample,
    wav_bytes,
    wav_header,
)
from speko_core.errors import InvalidInput


def test_the_header_is_what_the_standard_library_reads() -> None:
    """ONE-3: players open it."""
    file = wav_bytes(b"\1\0\2\0", 24_000)

    with wave.open(io.BytesIO(file)) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (24_000, 1, 2)
        assert reader.readframes(10) == b"\1\0\2\0"
    assert len(wav_header(24_000, 4)) == 44


@given(rate=st.integers(1, 192_000), channels=st.integers(1, 8), size=st.integers(1, 0x7FFF0000 // 16))
def test_a_written_header_reads_back(rate: int, channels: int, size: int) -> None:
    """ONE-1: what we write, we read."""
    assert parse_wav_header(wav_header(rate, size, channels)) == WavInfo(rate, channels, 44, size)


def test_a_streamed_header_says_the_length_is_unknown() -> None:
    """ONE-3: the length of a stream is not known when its header is sent."""
    assert parse_wav_header(wav_header(16_000)) == WavInfo(16_000, 1, 44, None)


@given(cut=st.integers(0, 43))
def test_an_incomplete_header_asks_for_more(cut: int) -> None:
    """ONE-1: a stream may deliver the header in pieces."""
    assert parse_wav_header(wav_header(16_000, 8)[:cut]) is None


def test_other_chunks_before_the_samples_are_skipped() -> None:
    """ONE-1: recorders write tags first."""
    plain = wav_header(8_000, 2)
    tagged = plain[:36] + b"LIST\3\0\0\0abc\0" + plain[36:]

    assert parse_wav_header(tagged) == WavInfo(8_000, 1, 56, 2)


def test_samples_that_are_not_pcm16_are_refused() -> None:
    """ONE-1: the codec library takes those."""
    header = bytearray(wav_header(8_000, 2))
    header[34] = 8

    with pytest.raises(InvalidInput):
        parse_wav_header(bytes(header))


@pytest.mark.parametrize(("source", "target"), [(16_000, 24_000), (22_050, 24_000), (48_000, 16_000), (8_000, 16_000)])
def test_a_stream_in_odd_pieces_equals_the_whole(source: int, target: int) -> None:
    """ONE-3: chunk borders cannot be heard."""
    samples = (np.sin(np.arange(source) * 0.05) * 8_000).astype("<i2").tobytes()
    stream = StreamResampler(source, target)

    pieces = [stream.feed(samples[at : at + 777]) for at in range(0, len(samples), 777)]
    streamed = np.frombuffer(b"".join([*pieces, stream.flush()]), dtype="<i2").astype(int)

    whole = np.frombuffer(resample(samples, source, target), dtype="<i2").astype(int)
    assert abs(len(streamed) - target) <= 1
    assert len(streamed) == len(whole)
    assert np.abs(streamed - whole).max() <= 2


def test_the_same_rate_is_passed_through() -> None:
    """ONE-3: nothing is lost where nothing changes."""
    stream = StreamResampler(16_000, 16_000)

    assert stream.feed(b"\1") + stream.feed(b"\2\3\4") + stream.flush() == b"\1\2\3\4"
    assert resample(b"\1\2", 16_000, 16_000) == b"\1\2"


@pytest.mark.parametrize(
    ("content_type", "rate"),
    [("audio/pcm;rate=16000", 16_000), ('Audio/PCM; Rate="8000"; channels=1', 8_000), ("audio/wav", None), ("", None)],
)
def test_the_rate_of_raw_pcm_is_in_its_type(content_type: str, rate: int | None) -> None:
    """ONE-1: `audio/pcm;rate=N`."""
    assert pcm_rate_from_content_type(content_type) == rate
