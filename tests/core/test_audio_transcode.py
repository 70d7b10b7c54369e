"""Transcoding streams: every pair of formats, in any pieces, with the length kept."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from speko_core.audio import decode, wav_bytes
from speko_core.audio.transcode import AudioTarget, Transcoder, UnreadableAudio
from tests.core.audio_kit import RATE, SOURCES, TARGETS, length, pieces, source, tone, transcode

TOLERANCE_S = 0.05
every_source = pytest.mark.parametrize("kind", SOURCES)
every_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: f"{target.container}-{target.rate}")


@every_source
@every_target
@given(seconds=st.floats(0.2, 1.6), cuts=st.lists(st.integers(0, 1_000_000), max_size=6))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_pair_keeps_the_length_however_it_is_split(
    kind: str, target: AudioTarget, seconds: float, cuts: list[int]
) -> None:
    """ONE-10: within 50 ms, and the result is what its content type says."""
    body, content_type = source(kind, seconds)
    made, made_type = transcode(pieces(body, cuts), content_type, target)

    assert abs(decode(made, made_type).duration_s - length(kind, body)) <= TOLERANCE_S


@every_source
@every_target
def test_the_sound_survives(kind: str, target: AudioTarget) -> None:
    """ONE-10: a tone comes out as the same tone."""
    body, content_type = source(kind, 1.0)
    made = decode(*transcode([body], content_type, target))
    samples = np.frombuffer(made.pcm16, dtype="<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))

    assert abs(np.argmax(spectrum) * made.sample_rate / len(samples) - 440) < 5


@every_target
def test_sound_comes_out_before_all_has_gone_in(target: AudioTarget) -> None:
    """ONE-10: nothing waits for the end of the audio, so the first fifth of a second already gives bytes."""
    transcoder = Transcoder(f"audio/pcm;rate={RATE}", target)
    made = [len(transcoder.feed(piece)) for piece in pieces(tone(2.0), list(range(0, RATE * 4, RATE // 10)))]

    assert sum(made[:5]) > 0
    assert sum(1 for size in made if size) > len(made) / 3


@pytest.mark.parametrize("content_type", ["audio/mpeg", "audio/wav", "audio/ogg", "audio/flac", "audio/aac"])
@pytest.mark.parametrize("body", [b"", b'{"error": "no"}' * 40, b"\x00" * 4000], ids=["none", "json", "zeros"])
def test_bytes_that_are_no_audio_give_none_or_are_refused(content_type: str, body: bytes) -> None:
    """ONE-11: never a header alone, which a caller would take for an answer."""
    transcoder = Transcoder(content_type, AudioTarget("wav"))
    try:
        made = transcoder.feed(body) + transcoder.flush()
    except UnreadableAudio:
        return
    assert made == b""


@pytest.mark.parametrize("content_type", ["audio/wav", "audio/ogg"])
@given(body=st.binary(max_size=300))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_survived(content_type: str, body: bytes) -> None:
    """RTE-9: a provider's garbage is a failure of that provider, not of ours."""
    transcoder = Transcoder(content_type, AudioTarget("pcm", RATE))
    try:
        transcoder.feed(b"RIFF" * (content_type == "audio/wav") + body)
        transcoder.flush()
    except UnreadableAudio:
        return


def test_a_format_without_a_decoder_is_refused() -> None:
    """ONE-10"""
    with pytest.raises(UnreadableAudio):
        Transcoder("audio/midi", AudioTarget("wav"))


def test_stereo_is_mixed() -> None:
    """ONE-10: PCM out is mono, as its content type says."""
    left = np.frombuffer(tone(0.5), dtype="<i2")
    both = np.stack([left, np.zeros_like(left)], axis=1).tobytes()
    made, made_type = transcode([wav_bytes(both, RATE, 2)], "audio/wav", AudioTarget("pcm"))

    assert made_type == f"audio/pcm;rate={RATE}"
    assert len(made) == len(left) * 2


def test_a_second_ogg_stream_continues_the_first() -> None:
    """ONE-10: long texts are spoken in parts, and Ogg files may simply follow each other."""
    once, content_type = source("ogg", 0.5)
    made, made_type = transcode([once + once], content_type, AudioTarget("pcm", RATE))

    assert abs(decode(made, made_type).duration_s - 1.0) <= TOLERANCE_S


def test_memory_stays_small_for_long_audio() -> None:
    """ONE-10: ten minutes pass through in pieces; nothing of them is kept."""
    transcoder = Transcoder(f"audio/pcm;rate={RATE}", AudioTarget("ogg"))
    second = tone(1.0)
    largest = max(len(transcoder.feed(second)) for _ in range(120))

    assert largest < 20_000
    assert len(transcoder.flush()) < 20_000


@every_source
def test_the_kit_makes_what_it_says(kind: str) -> None:
    """ONE-10: the sources have their length, but for what an MP3 or AAC encoder pads."""
    assert 0 <= length(kind, source(kind, 0.5)[0]) - 0.5 < 0.09
