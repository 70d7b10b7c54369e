"""WAV in and out, as the adapter's documentation describes it."""

import re
import struct
from dataclasses import dataclass

from livekit import rtc
from livekit.agents.utils import AudioBuffer

_PCM = 1
_EXTENSIBLE = 0xFFFE
_RATE = re.compile(r"rate=(\d+)", re.IGNORECASE)
MIN_WAV_BYTES = 44


@dataclass(frozen=True)
class WavAudio:
    """Decoded PCM16; `channels` is as found, acceptability is the caller's decision."""

    pcm: bytes
    sample_rate: int
    channels: int


def frames_to_wav(buffer: AudioBuffer) -> bytes:
    """Encode frames as a mono PCM16 WAV with the frames' own sample rate.

    Raises:
        ValueError: the frames are not mono.
    """
    frame = rtc.combine_audio_frames(buffer)
    if frame.num_channels != 1:
        raise ValueError(
            f"SpekoSTT: expected mono audio (1 channel), got {frame.num_channels}. Configure your LiveKit "
            "AgentSession to pass mono audio or pre-mix upstream of the STT."
        )
    return wav_header(frame.sample_rate, len(frame.data) * 2) + bytes(frame.data)


def wav_header(sample_rate: int, data_bytes: int) -> bytes:
    """The 44-byte header of mono PCM16."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + data_bytes, b"WAVE", b"fmt ", 16, _PCM, 1, sample_rate, sample_rate * 2, 2, 16),
        *(b"data", data_bytes),
    )


@dataclass(frozen=True)
class WavFormat:
    """What the `fmt ` chunk says."""

    sample_rate: int
    channels: int


def parse_wav(data: bytes) -> WavAudio:
    """Unwrap a PCM16 WAV, tolerating chunks between `fmt ` and `data`.

    Raises:
        ValueError: anything outside that subset, with a sentence that names it.
    """
    if len(data) < MIN_WAV_BYTES:
        raise ValueError(f"SpekoTTS: WAV response too small ({len(data)} bytes).")
    found = find_data(data)
    if found is None:
        raise ValueError("SpekoTTS: WAV response has no `data` chunk.")
    layout, start, size = found
    pcm = data[start : start + size]
    return WavAudio(pcm[: len(pcm) // 2 * 2], layout.sample_rate, layout.channels)


def find_data(data: bytes) -> tuple[WavFormat, int, int] | None:
    """Locate the samples: format, offset, size; None when `data` is not reached in these bytes."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("SpekoTTS: WAV response has no RIFF/WAVE header.")
    layout: WavFormat | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"data":
            if layout is None:
                raise ValueError("SpekoTTS: WAV response has no `fmt ` chunk before its samples.")
            return layout, at, size
        if name == b"fmt ":
            if at + 16 > len(data):
                return None
            layout = _read_format(data, at)
        at += size + size % 2
    if layout is None and at <= len(data):
        raise ValueError("SpekoTTS: WAV response has no `fmt ` chunk.")
    return None


def _read_format(data: bytes, at: int) -> WavFormat:
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at)
    if kind not in (_PCM, _EXTENSIBLE):
        raise ValueError(f"SpekoTTS: unsupported WAV format {kind}; only PCM is decoded.")
    if bits != 16:
        raise ValueError(f"SpekoTTS: unsupported WAV bit depth {bits}; only 16 bit is decoded.")
    return WavFormat(rate, channels)


def pcm_sample_rate_from_content_type(content_type: str, fallback: int) -> int:
    """The `rate` parameter of `audio/pcm;rate=N`, or the fallback when absent, zero or unreadable."""
    found = _RATE.search(content_type)
    return int(found.group(1)) or fallback if found else fallback
