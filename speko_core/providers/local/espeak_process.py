"""A program around the espeak-ng wheel: `python -m speko_core.providers.local.espeak_process -v VOICE -s WPM`.

It takes the options of the espeak-ng command that we use (`--stdin` and `--stdout` are implied): text on stdin, WAV
streamed to stdout. The library is GPL-3, so it lives in a process of its own, exactly like the system's program, and
nothing else of ours is loaded with it.

Constants and callback as in espeak-ng's speak_lib.h.
"""

import ctypes
import os
import struct
import sys

import espeakng_loader

AUDIO_OUTPUT_SYNCHRONOUS = 2
CHARS_UTF8 = 1
PARAMETER_RATE = 1
POSITION_CHARACTER = 1
BUFFER_MS = 60

Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def main(arguments: list[str]) -> int:
    """Speak stdin to stdout; the exit code is 2 when the library does not start and 3 for an unknown voice."""
    options = dict(zip(arguments, arguments[1:], strict=False))
    text = sys.stdin.buffer.read()
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data_path = espeakng_loader.get_data_path().encode()
    rate = library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, data_path, 0)
    if rate <= 0:
        return 2
    if library.espeak_SetVoiceByName(options.get("-v", "en-us").encode()) != 0:
        return 3
    library.espeak_SetParameter(PARAMETER_RATE, int(options.get("-s", "175")), 0)
    _write(_streaming_header(rate))
    callback = Callback(_forward)
    library.espeak_SetSynthCallback(callback)
    library.espeak_Synth(text + b"\0", ctypes.c_size_t(len(text) + 1), 0, POSITION_CHARACTER, 0, CHARS_UTF8, None, None)
    library.espeak_Synchronize()
    return 0


def _forward(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
    """Pass one buffer on; 1 tells the library to stop, because nobody listens any more."""
    if not samples or count <= 0:
        return 0
    try:
        _write(ctypes.string_at(samples, count * 2))
    except BrokenPipeError:
        return 1
    return 0


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def _streaming_header(rate: int) -> bytes:
    """A WAV header of unknown length. Written out here: the server's audio package would load numpy."""
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return b"RIFF\xff\xff\xff\xffWAVE" + fmt + b"data\xff\xff\xff\xff"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
