"""The WAV container of 16-bit PCM: write the classic 44-byte header, read any header that holds PCM16."""

import struct
from dataclasses import dataclass

from speko_core.errors import InvalidInput

_UNKNOWN_LENGTH = 0xFFFFFFFF
_PCM = 1
_EXTENSIBLE = 0xFFFE


@dataclass(frozen=True)
class WavInfo:
    """Where the samples of a PCM16 WAV are. `data_bytes` is None when the writer streamed and did not know."""

    sample_rate: int
    channels: int
    data_offset: int
    data_bytes: int | None


def wav_header(sample_rate: int, data_bytes: int | None = None, channels: int = 1) -> bytes:
    """The 44-byte header of PCM16 WAV. Without `data_bytes` the length fields say "until the end of the stream"."""
    known = data_bytes is not None and data_bytes <= _UNKNOWN_LENGTH - 36
    data = data_bytes if known and data_bytes is not None else _UNKNOWN_LENGTH
    riff = data + 36 if known else _UNKNOWN_LENGTH
    block = 2 * channels
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, _PCM, channels, sample_rate, sample_rate * block, block, 16)
    return struct.pack("<4sI4s", b"RIFF", riff, b"WAVE") + fmt + struct.pack("<4sI", b"data", data)


def wav_bytes(pcm16: bytes, sample_rate: int, channels: int = 1) -> bytes:
    """A whole WAV file around 16-bit little-endian samples."""
    return wav_header(sample_rate, len(pcm16), channels) + pcm16


def parse_wav_header(head: bytes) -> WavInfo | None:
    """Find the samples of a PCM16 WAV from its first bytes; None when more bytes are needed.

    Raises:
        InvalidInput: not a WAV file, or its samples are not 16-bit PCM.
    """
    if len(head) >= 12 and (head[:4] != b"RIFF" or head[8:12] != b"WAVE"):
        raise InvalidInput("The audio is not a WAV file.", "INVALID_AUDIO")
    offset, fmt = 12, b""
    while len(head) >= offset + 8:
        name, size = struct.unpack_from("<4sI", head, offset)
        if name == b"data":
            return _info(fmt, offset + 8, size)
        if name == b"fmt ":
            fmt = head[offset + 8 : offset + 8 + size]
        offset += 8 + size + size % 2
    return None


def _info(fmt: bytes, data_offset: int, size: int) -> WavInfo:
    if len(fmt) < 16:
        raise InvalidInput("The WAV file has no format description before its samples.", "INVALID_AUDIO")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", fmt)
    if tag == _EXTENSIBLE and len(fmt) >= 26:
        tag = struct.unpack_from("<H", fmt, 24)[0]
    if tag != _PCM or bits != 16 or not channels or not rate:
        raise InvalidInput("The WAV file does not hold 16-bit PCM.", "INVALID_AUDIO")
    # Encoders that stream write 0, 0x7FFFFFxx or all ones for a length they do not know.
    return WavInfo(rate, channels, data_offset, None if size == 0 or size >= 0x7FFFF000 else size)
