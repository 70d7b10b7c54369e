"""16-bit mono PCM that arrives in pieces, to the formats callers may ask for; every piece is encoded as it comes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from speko_core.audio.wav import wav_header
from speko_core.late import LateModule

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
else:
    # Loaded with the first audio: most processes that import this never see any.
    av, np = LateModule("av"), LateModule("numpy")

OPUS_RATES: Final = (8_000, 12_000, 16_000, 24_000, 48_000)
# The delay of an MP3 encoder is a fixed number of samples; at this rate it stays below 50 ms.
MP3_RATE: Final = 48_000
MP3_BITS_PER_S: Final = 96_000
OPUS_BITS_PER_S: Final = 32_000
OPUS_FRAME_MS: Final = 20
# A page a tenth of a second: the muxer's own second would hold the first sound back.
_OGG_OPTIONS: Final = {"page_duration": "100000", "flush_packets": "1"}


class StreamEncoder(ABC):
    """One continuous stream at `rate` Hz."""

    @abstractmethod
    def feed(self, pcm16: bytes) -> bytes:
        """What can be sent so far; whole samples in."""

    def flush(self) -> bytes:
        """The tail; the instance cannot be fed afterwards."""
        return b""


class PcmEncoder(StreamEncoder):
    """The samples as they are."""

    def feed(self, pcm16: bytes) -> bytes:
        """See `StreamEncoder`."""
        return pcm16


class WavEncoder(StreamEncoder):
    """A header that says "until the end of the stream", then the samples."""

    def __init__(self, rate: int) -> None:
        self._opening = wav_header(rate)

    def feed(self, pcm16: bytes) -> bytes:
        """See `StreamEncoder`; the header comes with the first samples."""
        if not pcm16:
            return b""
        opening, self._opening = self._opening, b""
        return opening + pcm16


class Mp3Encoder(StreamEncoder):
    """MPEG frames without a header before them: a stream has no length to tell."""

    def __init__(self) -> None:
        self._codec = av.AudioCodecContext.create("libmp3lame", "w")
        self._codec.sample_rate, self._codec.layout, self._codec.format = MP3_RATE, "mono", "s16p"
        self._codec.bit_rate, self._codec.time_base = MP3_BITS_PER_S, Fraction(1, MP3_RATE)
        self._codec.open()
        self._framer = av.AudioResampler(format="s16p", layout="mono", rate=MP3_RATE, frame_size=self._codec.frame_size)
        self._samples = 0

    def feed(self, pcm16: bytes) -> bytes:
        """See `StreamEncoder`."""
        frame = audio_frame(pcm16, MP3_RATE, self._samples)
        self._samples += frame.samples
        return self._encoded(self._framer.resample(frame)) if pcm16 else b""

    def flush(self) -> bytes:
        """See `StreamEncoder`."""
        rest = self._encoded(self._framer.resample(None))
        return rest + b"".join(bytes(packet) for packet in self._codec.encode(None))

    def _encoded(self, frames: list[AudioFrame]) -> bytes:
        return b"".join(bytes(packet) for frame in frames for packet in self._codec.encode(frame))


class _Sink:
    """A file the muxer writes to and we empty."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        data, self._written = b"".join(self._written), []
        return data


class OpusEncoder(StreamEncoder):
    """Opus in Ogg (RFC 7845)."""

    def __init__(self, rate: int) -> None:
        self._rate, self._sink, self._samples = rate, _Sink(), 0
        self._ogg: OutputContainer = av.open(self._sink, "w", format="ogg", options=_OGG_OPTIONS)
        options = {"application": "voip", "frame_duration": str(OPUS_FRAME_MS)}
        self._stream: AudioStream = self._ogg.add_stream("libopus", rate=rate, layout="mono", options=options)
        self._stream.bit_rate = OPUS_BITS_PER_S
        self._framer = av.AudioResampler(
            format="s16", layout="mono", rate=rate, frame_size=rate * OPUS_FRAME_MS // 1000
        )

    def feed(self, pcm16: bytes) -> bytes:
        """See `StreamEncoder`."""
        if not pcm16:
            return b""
        frame = audio_frame(pcm16, self._rate, self._samples)
        self._samples += frame.samples
        return self._muxed(self._framer.resample(frame))

    def flush(self) -> bytes:
        """See `StreamEncoder`."""
        rest = self._muxed([*self._framer.resample(None), None])
        self._ogg.close()
        return rest + self._sink.taken()

    def _muxed(self, frames: Sequence[AudioFrame | None]) -> bytes:
        for frame in frames:
            self._ogg.mux(self._stream.encode(frame))
        return self._sink.taken()


def audio_frame(pcm16: bytes, rate: int, position: int) -> AudioFrame:
    """Samples as the library takes them; `position` counts samples since the start."""
    frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm16, dtype="<i2").reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, position, Fraction(1, rate)
    return frame
