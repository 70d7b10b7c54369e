"""Audio that arrives in pieces, to 16-bit mono PCM, with memory for a piece at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, cast

from speko_core.audio.content_type import media_type, pcm_format_from_content_type
from speko_core.audio.ogg import NotOgg, OggPacket, OggPackets
from speko_core.audio.wav_stream import WavStream
from speko_core.errors import InvalidInput
from speko_core.late import LateModule

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from numpy.typing import NDArray
else:
    # Loaded with the first audio: most processes that import this never see any.
    av, np = LateModule("av"), LateModule("numpy")

OPUS_RATE: Final = 48_000
MAX_METADATA_BYTES: Final = 1024 * 1024
_TELEPHONE_RATE: Final = 8_000
# An encoder's first packets may be no audio: an Xing header, a tag. More in a row than this is no such stream.
_MAX_BAD_PACKETS: Final = 50


class UnreadableAudio(Exception):
    """The bytes are not audio in the format they are said to have, or the format is one we cannot read."""


class StreamDecoder(ABC):
    """One continuous stream. `rate` in Hz is known once samples have come out."""

    rate: int = 0

    @abstractmethod
    def feed(self, data: bytes) -> bytes:
        """Samples (16-bit little-endian mono) so far available.

        Raises:
            UnreadableAudio: the bytes cannot be decoded.
        """

    def flush(self) -> bytes:
        """The tail; the instance cannot be fed afterwards."""
        return b""


class _Pcm(StreamDecoder):
    def __init__(self, rate: int, channels: int) -> None:
        self.rate, self._channels, self._part = rate, channels, b""

    def feed(self, data: bytes) -> bytes:
        data = self._part + data
        whole = len(data) // (2 * self._channels) * 2 * self._channels
        self._part = data[whole:]
        return mono(data[:whole], self._channels)


class _Wav(StreamDecoder):
    def __init__(self) -> None:
        self._wav, self._pcm = WavStream(), _Pcm(0, 1)

    def feed(self, data: bytes) -> bytes:
        try:
            samples = self._wav.feed(data)
        except InvalidInput as error:
            raise UnreadableAudio(error.message) from None
        if self._wav.info is not None and not self.rate:
            self.rate, self._pcm = self._wav.info.sample_rate, _Pcm(self._wav.info.sample_rate, self._wav.info.channels)
        return self._pcm.feed(samples)


class _Codec(StreamDecoder):
    """A codec whose frames can be found in the bytes themselves."""

    parses: ClassVar[bool] = True

    def __init__(self, codec: str) -> None:
        self._codec = cast("AudioCodecContext", av.AudioCodecContext.create(codec, "r"))
        self._mixer = av.AudioResampler(format="s16", layout="mono")
        self._bad = 0

    def feed(self, data: bytes) -> bytes:
        if not data:
            return b""
        return self._decoded(self._codec.parse(data) if self.parses else [_packet(data)])

    def flush(self) -> bytes:
        rest = b""
        # A parser that looked ahead (FLAC) gives one packet a call.
        while self.parses and (packets := self._codec.parse(b"")):
            rest += self._decoded(packets)
        return rest + self._decoded([None])

    def _decoded(self, packets: Iterable[Packet[AudioStream] | None]) -> bytes:
        return b"".join(self._samples(frame) for packet in packets for frame in self._frames(packet))

    def _frames(self, packet: Packet[AudioStream] | None) -> list[AudioFrame]:
        try:
            frames = self._codec.decode(packet)
        except av.error.InvalidDataError:
            self._bad += 1
            if self._bad > _MAX_BAD_PACKETS:
                raise UnreadableAudio("too many damaged packets") from None
            return []
        except (av.error.FFmpegError, EOFError, ValueError) as error:
            raise UnreadableAudio(type(error).__name__) from None
        self._bad = 0
        return frames

    def _samples(self, frame: AudioFrame) -> bytes:
        if self.rate and frame.sample_rate != self.rate:
            raise UnreadableAudio("the sample rate changed in the middle")
        self.rate = frame.sample_rate
        # A plane is padded past the samples of its frame.
        return b"".join(bytes(mixed.planes[0])[: mixed.samples * 2] for mixed in self._mixer.resample(frame))


def _packet(data: bytes) -> Packet[AudioStream]:
    return cast("Packet[AudioStream]", av.Packet(data))


class _MuLaw(_Codec):
    parses: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__("pcm_mulaw")
        self._codec.sample_rate, self._codec.layout = _TELEPHONE_RATE, "mono"


class _OpusPackets(_Codec):
    parses: ClassVar[bool] = False

    def __init__(self, head: bytes) -> None:
        super().__init__("libopus")
        self._codec.extradata, self._codec.sample_rate = head, OPUS_RATE
        self._codec.layout = "stereo" if head[9] == 2 else "mono"


class _Flac(_Codec):
    """FLAC: the metadata before the first frame is taken off, for the parser would make frames of its parts."""

    def __init__(self) -> None:
        super().__init__("flac")
        self._head: bytes | None = b""

    def feed(self, data: bytes) -> bytes:
        if self._head is None:
            return super().feed(data)
        self._head += data
        end = _flac_metadata_end(self._head)
        if end is None:
            return b""
        # The codec wants the contents of the first block, which describe the stream.
        self._codec.extradata = self._head[8:42]
        frames, self._head = self._head[end:], None
        return super().feed(frames)


def _flac_metadata_end(head: bytes) -> int | None:
    """Where the frames begin; None while the metadata is incomplete."""
    if not b"fLaC".startswith(head[:4]) or len(head) > MAX_METADATA_BYTES:
        raise UnreadableAudio("not a FLAC stream")
    place, last = 4, False
    while not last:
        if len(head) < place + 4:
            return None
        last = head[place] & 0x80 != 0
        place += 4 + int.from_bytes(head[place + 1 : place + 4], "big")
    return place if len(head) >= max(place, 42) else None


class _OggOpus(StreamDecoder):
    """Opus in Ogg (RFC 7845): the head says how much to skip, the last page where the sound ends."""

    rate = OPUS_RATE

    def __init__(self) -> None:
        self._pages = OggPackets()
        self._opus: _OpusPackets | None = None
        self._skip = self._decoded = 0

    def feed(self, data: bytes) -> bytes:
        try:
            return b"".join(map(self._packet, self._pages.feed(data)))
        except NotOgg:
            raise UnreadableAudio("not an Ogg stream") from None

    def _packet(self, packet: OggPacket) -> bytes:
        if packet.data.startswith(b"OpusHead") and len(packet.data) >= 19:
            self._opus = _OpusPackets(packet.data)
            self._skip, self._decoded = int.from_bytes(packet.data[10:12], "little"), 0
            return b""
        if self._opus is None:
            raise UnreadableAudio("not Opus")
        if packet.data.startswith(b"OpusTags"):
            return b""
        return self._trimmed(self._opus.feed(packet.data), packet.end)

    def _trimmed(self, samples: bytes, end: int | None) -> bytes:
        start, self._decoded = self._decoded, self._decoded + len(samples) // 2
        first = max(self._skip - start, 0)
        last = max(end - start, 0) if end is not None else len(samples) // 2
        return samples[2 * first : 2 * last]


def mono(samples: bytes, channels: int) -> bytes:
    """Interleaved 16-bit samples mixed to one channel."""
    if channels == 1:
        return samples
    matrix: NDArray[np.int16] = np.frombuffer(samples, dtype="<i2").reshape(-1, channels)
    mixed: NDArray[np.int16] = matrix.mean(axis=1).astype("<i2")
    return mixed.tobytes()


_BY_TYPE: Final[Mapping[str, Callable[[], StreamDecoder]]] = {
    "audio/wav": _Wav,
    "audio/mpeg": lambda: _Codec("mp3"),
    "audio/aac": lambda: _Codec("aac"),
    "audio/flac": _Flac,
    "audio/ogg": _OggOpus,
    "audio/basic": _MuLaw,
}


def stream_decoder(content_type: str) -> StreamDecoder:
    """The decoder for `content_type`.

    Raises:
        UnreadableAudio: there is none.
    """
    raw = pcm_format_from_content_type(content_type)
    if raw is not None:
        return _Pcm(raw.rate, raw.channels)
    make = _BY_TYPE.get(media_type(content_type))
    if make is None:
        raise UnreadableAudio("a format without a decoder")
    return make()
