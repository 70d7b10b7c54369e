"""WAV in and out, and the decoding of synthesized audio as it streams."""

import re
import struct
from dataclasses import dataclass

import numpy as np
import soxr
from livekit import rtc
from livekit.agents.utils import AudioBuffer

_PCM = 1
_EXTENSIBLE = 0xFFFE
_RATE = re.compile(r"rate=(\d+)", re.IGNORECASE)
MIN_WAV_BYTES = 44
_UNKNOWN_SIZE = 0x7FFFFF00


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
class _Format:
    sample_rate: int
    channels: int


def parse_wav(data: bytes) -> WavAudio:
    """Unwrap a PCM16 WAV, tolerating chunks between `fmt ` and `data`.

    Raises:
        ValueError: anything outside that subset, with a sentence that names it.
    """
    if len(data) < MIN_WAV_BYTES:
        raise ValueError(f"SpekoTTS: WAV response too small ({len(data)} bytes).")
    found = _find_data(data)
    if found is None:
        raise ValueError("SpekoTTS: WAV response has no `data` chunk.")
    layout, start, size = found
    pcm = data[start : start + size]
    return WavAudio(pcm[: len(pcm) // 2 * 2], layout.sample_rate, layout.channels)


def _find_data(data: bytes) -> tuple[_Format, int, int] | None:
    """Locate the samples: format, offset, size; None when `data` is not reached in these bytes."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("SpekoTTS: WAV response has no RIFF/WAVE header.")
    layout: _Format | None = None
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


def _read_format(data: bytes, at: int) -> _Format:
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at)
    if kind not in (_PCM, _EXTENSIBLE):
        raise ValueError(f"SpekoTTS: unsupported WAV format {kind}; only PCM is decoded.")
    if bits != 16:
        raise ValueError(f"SpekoTTS: unsupported WAV bit depth {bits}; only 16 bit is decoded.")
    return _Format(rate, channels)


def pcm_sample_rate_from_content_type(content_type: str, fallback: int) -> int:
    """The `rate` parameter of `audio/pcm;rate=N`, or the fallback when absent, zero or unreadable."""
    found = _RATE.search(content_type)
    return int(found.group(1)) or fallback if found else fallback


def decode_synthesis_result(audio: bytes, content_type: str, provider: str, *, fallback_rate: int = 24_000) -> WavAudio:
    """Decode a whole synthesized answer.

    Raises:
        ValueError: a format that is not decoded here, or stereo.
    """
    kind = _media_type(content_type, provider)
    if kind == "audio/pcm":
        return WavAudio(audio, pcm_sample_rate_from_content_type(content_type, fallback_rate), 1)
    decoded = parse_wav(audio)
    _require_mono(decoded.channels)
    return decoded


def _media_type(content_type: str, provider: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("audio/pcm", "audio/wav", "audio/x-wav"):
        return kind
    if kind == "audio/mpeg":
        raise ValueError(
            f'SpekoTTS: content type "{content_type}" from {provider} is not decoded: v1 only supports PCM and WAV. '
            "Pin a PCM-capable provider with constraints.allowedProviders.tts."
        )
    raise ValueError(f'SpekoTTS: unsupported content type "{content_type}" from {provider}.')


def _require_mono(channels: int) -> None:
    if channels != 1:
        raise ValueError(f"SpekoTTS: expected mono audio, the provider returned {channels} channels.")


class StreamDecoder:
    """Turns the bytes of one synthesized answer into mono PCM16 at `sample_rate`, piece by piece.

    With `resample` another rate is converted; without, it is refused, as a wrong rate would be heard as a wrong pitch.
    """

    def __init__(self, content_type: str, provider: str, sample_rate: int, *, resample: bool) -> None:
        self._is_wav = _media_type(content_type, provider) != "audio/pcm"
        self._target = sample_rate
        self._resample = resample
        self._resampler: soxr.ResampleStream | None = None
        self._pending = b""
        # Bytes of samples still to come; a streamed WAV does not know its length and says 0 or the maximum.
        self._remaining: int | None = None
        if not self._is_wav:
            self._use_rate(pcm_sample_rate_from_content_type(content_type, sample_rate))

    def feed(self, data: bytes) -> bytes:
        """Decode what can be decoded so far.

        Raises:
            ValueError: the bytes are not what the content type promised.
        """
        data = self._pending + data
        if self._is_wav:
            found = _find_data(data) if len(data) >= MIN_WAV_BYTES else None
            if found is None:
                self._pending = data
                return b""
            layout, start, size = found
            _require_mono(layout.channels)
            self._use_rate(layout.sample_rate)
            self._is_wav = False
            self._remaining = size if 0 < size < _UNKNOWN_SIZE else None
            data = data[start:]
        if self._remaining is not None:
            data = data[: self._remaining]
        whole = len(data) // 2 * 2
        self._pending = data[whole:]
        if self._remaining is not None:
            self._remaining -= whole
        return self._convert(data[:whole], last=False)

    def finish(self) -> bytes:
        """The tail that the sample-rate converter still holds."""
        if self._is_wav and self._pending:
            parse_wav(self._pending)
        return self._convert(b"", last=True)

    def _use_rate(self, rate: int) -> None:
        if rate == self._target:
            return
        if not self._resample:
            raise ValueError(
                f"SpekoTTS: provider returned audio at {rate} Hz but the TTS was configured for {self._target} Hz. "
                f"Either set `sample_rate={rate}` on SpekoTTS or pin the Speko router to a provider that matches."
            )
        self._resampler = soxr.ResampleStream(rate, self._target, 1, dtype="int16", quality="MQ")

    def _convert(self, pcm: bytes, *, last: bool) -> bytes:
        if self._resampler is None:
            return pcm
        converted = self._resampler.resample_chunk(np.frombuffer(pcm, dtype="<i2"), last=last)
        return bytes(converted.astype("<i2").tobytes())
