"""Speech of a caller, from the voice the offline recogniser hears best on this machine."""

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pytest
import soxr

Samples: TypeAlias = npt.NDArray[np.int16]
MICROPHONE_RATE = 48_000


def write_caller(path: Path, sentences: Sequence[str], pauses_s: Sequence[float], *, after_s: float) -> Path:
    """A microphone recording for a browser: each sentence after its pause, silence at the end; 48 kHz mono PCM16."""
    parts = [part for pair in zip(map(_silence, pauses_s), map(_spoken, sentences), strict=True) for part in pair]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_RATE)
        file.writeframes(np.concatenate([*parts, _silence(after_s)]).tobytes())
    return path


def _silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * MICROPHONE_RATE), dtype=np.int16)


def _spoken(sentence: str) -> Samples:
    with tempfile.NamedTemporaryFile(suffix=".wav") as spoken:
        _synthesize(sentence, Path(spoken.name))
        with wave.open(spoken.name) as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    return soxr.resample(samples, rate, MICROPHONE_RATE).astype(np.int16)


def _synthesize(sentence: str, path: Path) -> None:
    if program := shutil.which("flite"):
        command = [program, "-voice", "rms", "-t", sentence, "-o", str(path)]
    elif program := shutil.which("espeak-ng"):
        command = [program, "-v", "en-us+f2", "-s", "140", "-w", str(path), sentence]
    else:
        pytest.skip("neither flite nor espeak-ng is installed: there is no speech for the microphone")
    subprocess.run(command, check=True, capture_output=True, timeout=20)
