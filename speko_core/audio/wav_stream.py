"""The samples of a PCM16 WAV that arrives in pieces."""

from typing import Final

from speko_core.audio.wav import WavInfo, parse_wav_header
from speko_core.errors import InvalidInput

MAX_HEADER_BYTES: Final = 64 * 1024


class WavStream:
    """Feed it the file, take the interleaved samples. Chunks after the samples are left out."""

    def __init__(self) -> None:
        self.info: WavInfo | None = None
        self._head = b""
        self._left: int | None = None

    def feed(self, data: bytes) -> bytes:
        """The samples in `data`; nothing while the header is incomplete.

        Raises:
            InvalidInput: not a WAV of 16-bit PCM, or a header without end.
        """
        if self.info is None:
            self._head += data
            self.info = parse_wav_header(self._head[:MAX_HEADER_BYTES])
            if self.info is None:
                return self._wait()
            data, self._head, self._left = self._head[self.info.data_offset :], b"", self.info.data_bytes
        if self._left is None:
            return data
        data = data[: self._left]
        self._left -= len(data)
        return data

    def _wait(self) -> bytes:
        if len(self._head) >= MAX_HEADER_BYTES:
            raise InvalidInput("The WAV file has no samples within its first bytes.", "INVALID_AUDIO")
        return b""
