"""Tones in every format a provider may answer in."""

import io
from collections.abc import Iterable, Sequence
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from speko_core.audio import wav_bytes
from speko_core.audio.stream_encode import audio_frame
from speko_core.audio.transcode import AudioTarget, Transcoder

RATE = 24_000
SOURCES = ("pcm", "pcm-8k", "pcm-44k", "wav", "mp3", "mp3-24k", "ogg", "flac", "aac", "mulaw")
TARGETS = (
    AudioTarget("pcm"),
    AudioTarget("pcm", 8_000),
    AudioTarget("pcm", 24_000),
    AudioTarget("pcm", 44_100),
    AudioTarget("wav"),
    AudioTarget("mp3"),
    AudioTarget("ogg"),
)
_CODECS = {
    "mp3": ("mp3", "libmp3lame", 44_100, "audio/mpeg"),
    "mp3-24k": ("mp3", "libmp3lame", 24_000, "audio/mpeg"),
    "ogg": ("ogg", "libopus", 24_000, "audio/ogg"),
    "flac": ("flac", "flac", 24_000, "audio/flac"),
    "aac": ("adts", "aac", 24_000, "audio/aac"),
    "mulaw": ("mulaw", "pcm_mulaw", 8_000, "audio/basic"),
}


def tone(seconds: float, rate: int = RATE) -> bytes:
    """A 440 Hz tone as 16-bit mono PCM."""
    time = np.arange(round(seconds * rate)) / rate
    return (8_000 * np.sin(2 * np.pi * 440 * time)).astype("<i2").tobytes()


def source(kind: str, seconds: float) -> tuple[bytes, str]:
    """A tone in one of `SOURCES`, and its content type."""
    if kind.startswith("pcm"):
        rate = {"pcm": RATE, "pcm-8k": 8_000, "pcm-44k": 44_100}[kind]
        return tone(seconds, rate), f"audio/pcm;rate={rate}"
    if kind == "wav":
        return wav_bytes(tone(seconds), RATE), "audio/wav"
    container, codec, rate, content_type = _CODECS[kind]
    return _encoded(container, codec, rate, seconds), content_type


def length(kind: str, body: bytes) -> float:
    """Seconds of sound in `body`, as the library finds them in the whole file."""
    if kind.startswith("pcm"):
        return len(body) / 2 / {"pcm": RATE, "pcm-8k": 8_000, "pcm-44k": 44_100}[kind]
    options = {"sample_rate": "8000"} if kind == "mulaw" else {}
    name = "wav" if kind == "wav" else {"adts": "aac"}.get(_CODECS[kind][0], _CODECS[kind][0])
    with av.open(io.BytesIO(body), "r", format=name, options=options) as file:
        frames: list[AudioFrame] = list(file.decode(audio=0))
    samples: int = sum(frame.samples for frame in frames)
    return samples / frames[0].sample_rate


def pieces(body: bytes, cuts: Sequence[int]) -> list[bytes]:
    """`body` cut at these places."""
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[start:stop] for start, stop in zip(edges, edges[1:], strict=False)]


def transcode(body: Iterable[bytes], content_type: str, target: AudioTarget) -> tuple[bytes, str]:
    """The whole result and its content type."""
    transcoder = Transcoder(content_type, target)
    made = b"".join(map(transcoder.feed, body)) + transcoder.flush()
    return made, transcoder.content_type


def _encoded(container: str, codec: str, rate: int, seconds: float) -> bytes:
    file = io.BytesIO()
    options = {"write_xing": "0", "id3v2_version": "0"} if container == "mp3" else {}
    with av.open(file, "w", format=container, options=options) as out:
        stream = cast(AudioStream, out.add_stream(codec, rate=rate, layout="mono"))
        framer = AudioResampler(stream.format.name, "mono", rate, stream.codec_context.frame_size or 0)
        frames = [*framer.resample(audio_frame(tone(seconds, rate), rate, 0)), *framer.resample(None)]
        for frame in [*frames, None]:
            out.mux(stream.encode(frame))
    return file.getvalue()
