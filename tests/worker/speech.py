"""Real speech for the VAD, made on this machine."""

import io
import shutil
import subprocess
import wave
from functools import cache

import pytest


@cache
def speech_wav(text: str) -> bytes:
    """A WAV of a spoken sentence; the test is skipped where no synthesizer is installed."""
    if program := shutil.which("espeak-ng"):
        return subprocess.run([program, "--stdout", "-v", "en-us", text], check=True, capture_output=True).stdout
    if program := shutil.which("flite"):
        made = subprocess.run([program, "-t", text, "-o", "/dev/stdout"], check=True, capture_output=True)
        return made.stdout
    pytest.skip("neither espeak-ng nor flite is installed: there is no speech for the VAD")


def joined(*parts: bytes | float) -> bytes:
    """One WAV of several of the same rate, numbers standing for seconds of silence."""
    rate = next(_rate(part) for part in parts if isinstance(part, bytes))
    pcm = b"".join(bytes(int(part * rate) * 2) if not isinstance(part, bytes) else _pcm(part) for part in parts)
    return to_wav(pcm, rate)


def to_wav(pcm: bytes, rate: int) -> bytes:
    """Wrap mono 16-bit samples."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()


def speech_pcm(text: str, rate: int) -> bytes:
    """The same speech as raw samples at `rate`."""
    import numpy as np
    import soxr

    wav = speech_wav(text)
    samples = np.frombuffer(_pcm(wav), dtype="<i2")
    return bytes(soxr.resample(samples, _rate(wav), rate).astype("<i2").tobytes())


def _rate(wav: bytes) -> int:
    with wave.open(io.BytesIO(wav)) as file:
        return file.getframerate()


def _pcm(wav: bytes) -> bytes:
    with wave.open(io.BytesIO(wav)) as file:
        return file.readframes(file.getnframes())
