"""Decode what callers send into 16-bit mono PCM.

The container is recognized by its first bytes and the demuxer is pinned to it: a `Content-Type` is often wrong, and
letting the library probe would let an uploaded playlist make it open other files. Raw PCM has no signature, so there
the type decides.
"""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from speko_core.audio.content_type import PcmFormat, pcm_format_from_content_type
from speko_core.audio.resample import resample
from speko_core.audio.wav import parse_wav_header
from speko_core.errors import InvalidInput
from speko_core.late import LateModule

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from numpy.typing import NDArray
else:
    # Loaded with the first audio: most processes that import this never see any.
    av, np = LateModule("av"), LateModule("numpy")

MAX_SECONDS = 4 * 3600
MAX_OUTPUT_RATE = 24_000
DECODE_TIMEOUT_S = 120.0

_ACCEPTED = "WAV, MP3, Ogg (Opus, Vorbis), FLAC, WebM or audio/pcm;rate=N"


@dataclass(frozen=True)
class DecodedAudio:
    """16-bit little-endian mono samples and their rate in Hz (never above `MAX_OUTPUT_RATE`)."""

    pcm16: bytes
    sample_rate: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.pcm16) / 2 / self.sample_rate


async def decode_audio(
    body: bytes, content_type: str, *, max_seconds: float = MAX_SECONDS, timeout_s: float = DECODE_TIMEOUT_S
) -> DecodedAudio:
    """`decode` in a thread, so that the event loop keeps serving. Cancelling or the timeout stops the thread too.

    Raises:
        InvalidInput: as `decode`; also when decoding takes longer than `timeout_s`.
    """
    stop = threading.Event()
    try:
        async with asyncio.timeout(timeout_s):
            return await asyncio.to_thread(decode, body, content_type, max_seconds=max_seconds, stop=stop)
    except TimeoutError:
        raise _invalid("The audio took too long to decode.") from None
    finally:
        stop.set()


def decode(
    body: bytes, content_type: str, *, max_seconds: float = MAX_SECONDS, stop: threading.Event | None = None
) -> DecodedAudio:
    """Decode a whole body to mono PCM. `stop` ends the work early when nobody waits for it any more.

    Raises:
        InvalidInput: `INVALID_AUDIO`: empty, not audio we know, damaged, without samples, or longer than `max_seconds`.
    """
    if not body:
        raise _invalid("The request has no audio: the body is empty.")
    container = _sniff(body)
    if container is None or container == "mp3":
        raw = pcm_format_from_content_type(content_type)
        if raw is not None:
            return _from_pcm(body, raw, max_seconds)
    if container is None:
        raise _invalid("The body is not audio in a format we know.")
    if container == "wav":
        plain = _plain_wav(body, max_seconds)
        if plain is not None:
            return plain
    return _from_container(body, container, max_seconds, stop or threading.Event())


def _sniff(body: bytes) -> str | None:
    """The demuxer for the body's signature."""
    if body[:4] == b"RIFF" and body[8:12] == b"WAVE":
        return "wav"
    for magic, container in ((b"OggS", "ogg"), (b"fLaC", "flac"), (b"\x1a\x45\xdf\xa3", "matroska"), (b"ID3", "mp3")):
        if body.startswith(magic):
            return container
    return "mp3" if _is_mp3_frame(body) else None


def _is_mp3_frame(body: bytes) -> bool:
    """An MPEG audio frame header: 11 sync bits, then no reserved version, layer, bit rate or sample rate."""
    if len(body) < 4 or body[0] != 0xFF or body[1] & 0xE0 != 0xE0:
        return False
    version, layer = body[1] >> 3 & 3, body[1] >> 1 & 3
    return version != 1 and layer != 0 and body[2] >> 4 != 15 and body[2] >> 2 & 3 != 3


def _plain_wav(body: bytes, max_seconds: float) -> DecodedAudio | None:
    """The samples of PCM16 WAV without a codec; None for other sample formats, which the library decodes."""
    try:
        info = parse_wav_header(body)
    except InvalidInput:
        return None
    if info is None:
        return None
    end = len(body) if info.data_bytes is None else info.data_offset + info.data_bytes
    return _from_pcm(body[info.data_offset : end], PcmFormat(info.sample_rate, info.channels), max_seconds)


def _from_pcm(body: bytes, fmt: PcmFormat, max_seconds: float) -> DecodedAudio:
    frame_bytes = 2 * fmt.channels
    body = body[: len(body) // frame_bytes * frame_bytes]
    if not body:
        raise _invalid("The audio holds no samples.")
    if len(body) / frame_bytes / fmt.rate > max_seconds:
        raise _too_long(max_seconds)
    mono = _mono(body, fmt.channels)
    rate = min(fmt.rate, MAX_OUTPUT_RATE)
    return DecodedAudio(resample(mono, fmt.rate, rate), rate)


def _mono(body: bytes, channels: int) -> bytes:
    if channels == 1:
        return body
    samples: NDArray[np.int16] = np.frombuffer(body, dtype="<i2").reshape(-1, channels)
    mixed: NDArray[np.int16] = samples.mean(axis=1).astype("<i2")
    return mixed.tobytes()


def _from_container(body: bytes, container: str, max_seconds: float, stop: threading.Event) -> DecodedAudio:
    try:
        with av.open(io.BytesIO(body), mode="r", format=container, metadata_errors="replace") as source:
            if not source.streams.audio:
                raise _invalid("The file has no audio track.")
            stream = source.streams.audio[0]
            rate = min(stream.codec_context.sample_rate or MAX_OUTPUT_RATE, MAX_OUTPUT_RATE)
            pcm = bytearray()
            for piece in _pieces(_frames(source, stream), rate):
                pcm += piece
                if stop.is_set():
                    raise _invalid("Decoding was stopped.")
                if len(pcm) > max_seconds * rate * 2:
                    raise _too_long(max_seconds)
    except (av.error.FFmpegError, EOFError, ValueError) as error:
        raise _invalid("The audio is damaged or in a codec we cannot read.") from error
    if not pcm:
        raise _invalid("The audio holds no samples.")
    return DecodedAudio(bytes(pcm), rate)


def _frames(source: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Decoded frames, without the packets that are no audio: an Xing header, or the cut-off end of a file."""
    packets = source.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            yield from stream.codec_context.decode(packet)
        except av.error.InvalidDataError:
            continue


def _pieces(frames: Iterator[AudioFrame], rate: int) -> Iterator[bytes]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    for frame in frames:
        for converted in resampler.resample(frame):
            yield _samples(converted)
    for converted in resampler.resample(None):
        yield _samples(converted)


def _samples(frame: AudioFrame) -> bytes:
    """The samples alone: a plane is padded past `frame.samples`."""
    plane: bytes = bytes(frame.planes[0])
    return plane[: frame.samples * 2]


def _invalid(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, "INVALID_AUDIO", hint=f"Send {_ACCEPTED}.")


def _too_long(max_seconds: float) -> InvalidInput:
    return InvalidInput(
        f"The audio is longer than {max_seconds / 60:g} minutes.", "INVALID_AUDIO", hint="Send it in shorter pieces."
    )
