"""Length-prefixed frames between the server and its recognition process: 4 bytes big-endian, then the payload."""

import os
import struct

HEADER = struct.Struct(">I")
MAX_FRAME_BYTES = 1 << 30


def pack(payload: bytes) -> bytes:
    """The payload with its length in front."""
    return HEADER.pack(len(payload)) + payload


def read_frame(fd: int) -> bytes | None:
    """Read one frame, blocking. None at the end of the stream, also in the middle of a frame."""
    head = _read_exactly(fd, HEADER.size)
    if head is None:
        return None
    (length,) = HEADER.unpack(head)
    return _read_exactly(fd, length) if length <= MAX_FRAME_BYTES else None


def write_frame(fd: int, payload: bytes) -> None:
    """Write one frame, blocking.

    Raises:
        BrokenPipeError: the reader is gone.
    """
    view = memoryview(pack(payload))
    while view:
        view = view[os.write(fd, view) :]


def _read_exactly(fd: int, length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        part = os.read(fd, min(length - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)
