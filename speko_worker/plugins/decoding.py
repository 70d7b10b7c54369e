"""Synthesized audio, whatever format a provider answers in, as mono PCM16: whole, or as it streams."""

from typing import Protocol

import av
import numpy as np
import soxr

from speko_worker.plugins.audio import (
    MIN_WAV_BYTES,
    WavAudio,
    find_data,
    parse_wav,
    pcm_sample_rate_from_content_type,
)

# A streamed WAV does not know its length and says 0 or nearly the maximum.
_UNKNOWN_SIZE = 0x7FFFFF00


def decode_synthesis_result(audio: bytes, content_type: str, provider: str, *, fallback_rate: int = 24_000) -> WavAudio:
    """Decode a whole synthesized answer: PCM, WAV or MP3.

    Raises:
        ValueError: another format, broken audio, or a stereo WAV.
    """
    if _media_type(content_type, provider) in ("audio/wav", "audio/x-wav"):
        decoded = parse_wav(audio)
        _require_mono(decoded.channels)
        return decoded
    source = _source(content_type, provider, fallback_rate)
    pcm = source.feed(audio) + source.finish()
    return WavAudio(pcm, source.rate or fallback_rate, 1)


class StreamDecoder:
    """Turns the bytes of one synthesized answer into mono PCM16 at `sample_rate`, piece by piece.

    With `resample` another rate is converted; without, it is refused, as a wrong rate would be heard as a wrong pitch.
    """

    def __init__(self, content_type: str, provider: str, sample_rate: int, *, resample: bool) -> None:
        self._source = _source(content_type, provider, sample_rate)
        self._target, self._resample = sample_rate, resample
        self._resampler: soxr.ResampleStream | None = None
        self._checked = False
        self._check_rate()

    def feed(self, data: bytes) -> bytes:
        """Decode what can be decoded so far.

        Raises:
            ValueError: the bytes are not what the content type promised.
        """
        pcm = self._source.feed(data)
        self._check_rate()
        return self._convert(pcm, last=False)

    def finish(self) -> bytes:
        """What decoder and sample-rate converter still hold; raises as `feed` does."""
        pcm = self._source.finish()
        self._check_rate()
        return self._convert(pcm, last=True)

    def _check_rate(self) -> None:
        rate = self._source.rate
        if rate is None or self._checked:
            return
        self._checked = True
        if rate == self._target:
            return
        if not self._resample:
            raise ValueError(
                f"SpekoTTS: provider returned audio at {rate} Hz but the TTS was configured for {self._target} Hz. "
                f"Either set `sample_rate={rate}` on SpekoTTS or pin the Speko router to a provider that matches the "
                "expected rate."
            )
        self._resampler = soxr.ResampleStream(rate, self._target, 1, dtype="int16", quality="MQ")

    def _convert(self, pcm: bytes, *, last: bool) -> bytes:
        if self._resampler is None:
            return pcm
        converted = self._resampler.resample_chunk(np.frombuffer(pcm, dtype="<i2"), last=last)
        return bytes(converted.astype("<i2").tobytes())


class _Source(Protocol):
    """One format being unwrapped; `rate` is None until known. Both methods give whole mono samples."""

    rate: int | None

    def feed(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class _Pcm:
    def __init__(self, rate: int | None, size: int | None = None) -> None:
        self.rate = rate
        self._rest = b""
        self._remaining = size

    def feed(self, data: bytes) -> bytes:
        data = self._rest + data
        if self._remaining is not None:
            data = data[: self._remaining]
        whole = len(data) // 2 * 2
        self._rest = data[whole:]
        if self._remaining is not None:
            self._remaining -= whole
        return data[:whole]

    def finish(self) -> bytes:
        return b""


class _Wav:
    rate: int | None = None

    def __init__(self) -> None:
        self._head = b""
        self._samples: _Pcm | None = None

    def feed(self, data: bytes) -> bytes:
        if self._samples is not None:
            return self._samples.feed(data)
        self._head += data
        found = find_data(self._head) if len(self._head) >= MIN_WAV_BYTES else None
        if found is None:
            return b""
        layout, start, size = found
        _require_mono(layout.channels)
        self.rate = layout.sample_rate
        self._samples = _Pcm(self.rate, size if 0 < size < _UNKNOWN_SIZE else None)
        return self._samples.feed(self._head[start:])

    def finish(self) -> bytes:
        if self._samples is None and self._head:
            parse_wav(self._head)  # says what is wrong with it
        return b""


class _Mp3:
    rate: int | None = None

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("mp3", "r")
        self._mono: av.AudioResampler | None = None
        self._fed = False

    def feed(self, data: bytes) -> bytes:
        self._fed = self._fed or bool(data)
        return b"".join(self._decoded(packet) for packet in self._codec.parse(data))

    def finish(self) -> bytes:
        last = b"".join(self._decoded(packet) for packet in [*self._codec.parse(None), None])
        if self._fed and self.rate is None:
            raise ValueError("SpekoTTS: the provider's audio/mpeg answer could not be decoded.")
        return last

    def _decoded(self, packet: "av.Packet[av.AudioStream] | None") -> bytes:
        try:
            frames = self._codec.decode(packet)
        except av.InvalidDataError:  # a tag, which many files begin with
            return b""
        return b"".join(self._samples(frame) for frame in frames if isinstance(frame, av.AudioFrame))

    def _samples(self, frame: av.AudioFrame) -> bytes:
        if self._mono is None:
            self.rate = frame.sample_rate
            self._mono = av.AudioResampler(format="s16", layout="mono", rate=frame.sample_rate)
        return b"".join(mono.to_ndarray().astype("<i2").tobytes() for mono in self._mono.resample(frame))


def _source(content_type: str, provider: str, fallback_rate: int) -> _Source:
    kind = _media_type(content_type, provider)
    if kind == "audio/pcm":
        return _Pcm(pcm_sample_rate_from_content_type(content_type, fallback_rate))
    return _Mp3() if kind == "audio/mpeg" else _Wav()


def _media_type(content_type: str, provider: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ("audio/pcm", "audio/wav", "audio/x-wav", "audio/mpeg"):
        raise ValueError(f'SpekoTTS: unsupported content type "{content_type}" from {provider}.')
    return kind


def _require_mono(channels: int) -> None:
    if channels != 1:
        raise ValueError(f"SpekoTTS: expected mono audio, the provider returned {channels} channels.")
